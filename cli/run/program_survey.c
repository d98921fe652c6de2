/* SPDX-License-Identifier: MIT */
#include "program_survey.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "debug_servers.h"
#include "die.h"
#include "escape.h"
#include "libraries.h"
#include "list.h"
#include "symbols.h"

static const struct {
	const char *library, *name;
} allocators[] = {
	{ "libjemalloc.so", "jemalloc" },
	{ "libtcmalloc", "tcmalloc" },
	{ "libmimalloc", "mimalloc" },
	{ "libsnmalloc", "snmalloc" },
	{ "libhardened_malloc", "hardened_malloc" },
	{ "libhoard.so", "Hoard" },
	{ "libtbbmalloc_proxy", "TBB malloc" },
};

#define GLIB                "libglib-2.0.so.0"
#define STARTUP_CODE        1024 /* bytes that the compiler adds to any library */
#define GLIB_WITHOUT_SLICES 76   /* 2.76 hands g_slice_alloc to malloc */

static bool starts(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* Takes `shown`, which is escaped. */
static void add_sentence(struct program_survey *s, char *shown)
{
	for (size_t i = 0; i < s->hint_count; i++)
		if (!strcmp(s->hints[i], shown)) {
			free(shown);
			return;
		}
	*LIST_ADD(s->hints, s->hint_count) = shown;
}

static void __attribute__((format(printf, 2, 3)))
add_hint(struct program_survey *s, const char *format, ...)
{
	va_list arguments;
	char *text, *shown;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (!text)
		return;
	shown = escape(text);
	free(text);
	add_sentence(s, shown);
}

static void look_at_python(struct program_survey *s, const char *binary)
{
	const char *base = base_name(binary);

	if (starts(base, "python") || starts(base, "libpython"))
		add_hint(
		    s,
		    "Python has an allocator of its own for small objects; set PYTHONMALLOC=malloc to see each of them");
}

static void add_module(struct program_survey *s, const char *path)
{
	struct program_survey_module *m;
	struct symbols_module symbols;
	struct elf_file elf;
	const char *file = NULL;
	char *warning;

	m = LIST_ADD(s->modules, s->module_count);
	*m = (struct program_survey_module){ .path = xstrdup(path) };
	if (!elf_file_read(&elf, path)) {
		m->unwind = elf.unwind;
		m->code = elf.code_bytes > STARTUP_CODE;
		elf_file_release(&elf);
	}
	if (symbols_module_open(&symbols, path, NULL, -1)) {
		m->source = symbols_module_source(&symbols, &file);
		m->debug_file = file ? xstrdup(file) : NULL;
		symbols_module_try_splits(&symbols);
		warning = symbols_module_warning(&symbols);
		if (warning)
			add_sentence(s, warning);
		unwind_tables_try(&m->tables, &symbols);
		if (m->tables.tried)
			m->unwind &= unwind_tables_are_some(&m->tables);
	}
	symbols_module_close(&symbols);
}

static void add_library(struct program_survey *s, const struct library *l)
{
	const char *base = base_name(l->name);

	if (!l->path) {
		add_hint(s,
			 "%s, which it needs, was not found: it cannot start",
			 l->name);
		return;
	}
	for (size_t i = 0; i < sizeof(allocators) / sizeof(allocators[0]); i++)
		if (starts(base, allocators[i].library) && !s->allocator_path) {
			s->allocator = xstrdup(allocators[i].name);
			s->allocator_path = xstrdup(l->path);
		}
	if (!strcmp(base, GLIB)) {
		/* The 74 of libglib-2.0.so.0.7400.6. */
		char *real = realpath(l->path, NULL);
		char *number = real ? strstr(real, GLIB ".") : NULL;
		int minor = number ? atoi(number + strlen(GLIB ".")) / 100 : -1;

		free(real);
		if (minor >= 0 && minor < GLIB_WITHOUT_SLICES)
			add_hint(
			    s,
			    "GLib 2.%d has an allocator of its own for slices; `refknot run` sets G_SLICE=always-malloc, unless G_SLICE is set already, so that each slice is seen",
			    minor);
	}
	look_at_python(s, l->path);
	add_module(s, l->path);
}

static void look_at_libraries(struct program_survey *s)
{
	const char *wanted = s->preflight.elf.interpreter;
	struct libraries libraries;
	struct elf_file own;
	int error = -ENOENT;

	/* Only code that may be executed is asked: this program's loader. */
	if (!elf_file_read(&own, "/proc/self/exe")) {
		if (own.interpreter && wanted &&
		    !strcmp(own.interpreter, wanted))
			error = libraries_list(&libraries, wanted,
					       s->preflight.binary);
		elf_file_release(&own);
	}
	if (error) {
		add_hint(
		    s,
		    "its libraries are not known, as its loader is not this system's C library's");
		return;
	}
	for (size_t i = 0; i < libraries.count; i++)
		add_library(s, &libraries.list[i]);
	libraries_release(&libraries);
	if (!s->allocator)
		s->allocator = xstrdup("glibc");
}

void program_survey_make(struct program_survey *s, const char *program)
{
	*s = (struct program_survey){ 0 };
	preflight_check(&s->preflight, program);
	if (s->preflight.verdict != PREFLIGHT_OK)
		return;
	look_at_python(s, s->preflight.binary);
	add_module(s, s->preflight.binary);
	look_at_libraries(s);
	for (size_t i = 0; i < s->module_count; i++) {
		const struct program_survey_module *m = &s->modules[i];
		bool code = m->code || m->tables.named;

		if (code && !m->unwind)
			add_hint(
			    s,
			    "%s has no unwind tables, so call stacks end in it; build it with -fasynchronous-unwind-tables",
			    m->path);
		else if (code && !unwind_tables_are_whole(&m->tables))
			add_hint(
			    s,
			    "%s has unwind tables for %" PRIu64 " of %" PRIu64
			    " functions that were tried, so call stacks end in the others; build all of it with -fasynchronous-unwind-tables",
			    m->path, m->tables.covered, m->tables.tried);
	}
	if (s->module_count && s->modules[0].source < SYMBOLS_DEBUG)
		add_hint(
		    s,
		    "%s has no debug information, so its files and lines are not known; build it with -g, or install its -dbgsym package",
		    s->modules[0].path);
	if (debug_servers_trouble())
		add_sentence(s, xstrdup(debug_servers_trouble()));
	if (s->allocator_path)
		add_hint(
		    s,
		    "its allocator is not glibc's: pages that it keeps for itself may be searched for pointers, and stale ones there can hide leaks");
}

void program_survey_release(struct program_survey *s)
{
	for (size_t i = 0; i < s->module_count; i++) {
		free(s->modules[i].path);
		free(s->modules[i].debug_file);
	}
	for (size_t i = 0; i < s->hint_count; i++)
		free(s->hints[i]);
	free(s->modules);
	free(s->hints);
	free(s->allocator);
	free(s->allocator_path);
	preflight_release(&s->preflight);
}

const char *program_survey_source_name(enum symbols_source source)
{
	static const char *const names[] = {
		[SYMBOLS_NONE] = "none",
		[SYMBOLS_DYNAMIC] = "exported",
		[SYMBOLS_TABLE] = "functions",
		[SYMBOLS_DEBUG] = "debug",
	};

	return names[source];
}
