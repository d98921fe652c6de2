/* SPDX-License-Identifier: MIT */
#include "place.h"
#include "base_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "walk.h"

static const char *const wrappers[] = {
#define WRAPPER(name) name,
#include "wrappers.def"
#undef WRAPPER
};

/* "yaml_malloc", "xstrdup": what libraries call theirs. */
static bool ends_like_one(const char *name, size_t length)
{
	static const char *const ends[] = { "malloc", "calloc",  "realloc",
					    "strdup", "strndup", "memdup" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (length > n && !memcmp(name + length - n, ends[i], n))
			return true;
	}
	return false;
}

bool place_is_wrapper(const char *function)
{
	size_t length;

	if (!strncmp(function, "__GI_", 5))
		function += 5;
	function += strspn(function, "_");
	length = strcspn(function, "(.@");
	if (ends_like_one(function, length))
		return true;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (strlen(wrappers[i]) == length &&
		    !memcmp(wrappers[i], function, length))
			return true;
	return false;
}

bool place_allocates(const struct location *l)
{
	return l->library || (l->function && place_is_wrapper(l->function));
}

bool place_is_of_libc(const struct location *l)
{
	static const char *const modules[] = { "libc.so", "ld-linux", "ld-musl",
					       "libpthread.so" };
	const char *name = l->module ? base_name(l->module) : "";

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (!strncmp(name, modules[i], strlen(modules[i])))
			return true;
	return false;
}

bool place_is_start(const struct location *l)
{
	static const char *const names[] = {
		"_start",    "start_thread", "execute_native_thread_routine",
		"call_init", "_dl_init",     "_dl_start_user",
	};

	if (!l->function)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(l->function, names[i]))
			return true;
	return !strncmp(l->function, "__libc_start", 12) ||
	       !strncmp(l->function, "clone", 5) ||
	       !strncmp(l->function, "__clone", 7);
}

const struct location *place_find_named(const struct model *m,
					struct symbols *s, uint32_t stack)
{
	const struct location *innermost = NULL, *l;
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w))) {
		if (!l->function || !place_is_wrapper(l->function))
			return l;
		if (!innermost)
			innermost = l;
	}
	return innermost;
}

const struct location *place_find(const struct model *m, struct symbols *s,
				  uint32_t stack)
{
	return place_find_beyond(m, s, stack, NULL);
}

const struct location *place_find_beyond(const struct model *m,
					 struct symbols *s, uint32_t stack,
					 const struct location *from)
{
	const struct location *library = NULL, *l;
	bool libc = true, there = !from;
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w)) && !place_is_start(l)) {
		if (l->library)
			library = l;
		libc &= place_is_of_libc(l);
		there |= l == from;
		if (there && !libc && !place_allocates(l))
			return l;
	}
	/* Code of the program's that is a part of the library's, which a thread
	 * or the loader runs. */
	return library ? library : place_find_named(m, s, stack);
}

char *place_path(const struct location *l)
{
	if (!l || !l->file)
		return NULL;
	if (*l->file == '/' || !l->directory || *l->directory != '/')
		return xstrdup(l->file);
	return xasprintf("%s/%s", l->directory, l->file);
}

char *place_module(const struct location *l)
{
	return l && l->module ? escape(base_name(l->module)) : NULL;
}

char *place_function(const struct location *l)
{
	char *module, *text;

	if (l && l->shown)
		return escape(l->shown);
	module = place_module(l);
	if (!module)
		return xstrdup("unknown code");
	text = xasprintf("%s+0x%" PRIx64, module, l->offset);
	free(module);
	return text;
}

char *place_source(const struct location *l)
{
	char *file, *text;

	if (!l || !l->file)
		return NULL;
	file = escape(base_name(l->file));
	if (!l->line)
		return file;
	text = xasprintf("%s:%u", file, l->line);
	free(file);
	return text;
}

const char *place_mark(bool inlined, bool tail_call)
{
	if (inlined)
		return tail_call ? "inlined, tail call" : "inlined";
	return tail_call ? "tail call" : "";
}

/* Takes `source`. */
static char *text_of(const struct location *l, char *source)
{
	char *function = place_function(l);
	char *module = l && l->function ? place_module(l) : NULL;
	const char *mark = l ? place_mark(l->inlined, l->tail_call) : "";
	char *text;

	text = xasprintf("%s%s%s%s%s%s%s%s", function, source ? " at " : "",
			 source ? source : "", module || *mark ? " (" : "",
			 module ? module : "", module && *mark ? ", " : "",
			 mark, module || *mark ? ")" : "");
	free(function);
	free(source);
	free(module);
	return text;
}

char *place_text(const struct location *l)
{
	return text_of(l, place_source(l));
}

char *place_callers(const struct model *m, struct symbols *s, uint32_t stack,
		    const struct location *from, unsigned most)
{
	const struct location *l;
	char *text = xstrdup("");
	bool beyond = false;
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w)) && most) {
		if (beyond && place_is_start(l))
			break;
		if (beyond) {
			char *one = place_text(l), *before = text;

			text = xasprintf("%s%s\n", before, one);
			free(before);
			free(one);
			most--;
		}
		beyond |= l == from;
	}
	return text;
}

char *place_text_column(const struct location *l)
{
	char *source = place_source(l), *text;

	if (!source || !l->line || !l->column)
		return text_of(l, source);
	text = xasprintf("%s:%u", source, l->column);
	free(source);
	return text_of(l, text);
}
