/* SPDX-License-Identifier: MIT */
#include "suppress_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

/* What Valgrind calls the file that its own malloc comes from. */
#define VALGRIND_OBJECT                                                        \
	"/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"
#define VALGRIND_SOURCE "vg_replace_malloc.c"

#define UNKNOWN "???" /* the name of what has none */

bool suppress_template(const char *pattern, const char *text)
{
	bool start = *pattern == '^', star = false;

	if (!text || !*text)
		return false;
	for (pattern += start; *pattern;) {
		size_t length = strcspn(pattern, "*$");
		const char *found;

		if (*pattern == '*') {
			pattern++;
			start = false;
			star = true;
			continue;
		}
		if (*pattern == '$')
			return !*text || star;
		found = memmem(text, strlen(text), pattern, length);
		if (!found || (start && found != text))
			return false;
		text = found + length;
		pattern += length;
		start = star = false;
	}
	return true;
}

/* Of several `*` only the last needs to be tried again. */
bool suppress_glob(const char *pattern, size_t length, const char *text)
{
	const char *end = pattern + length, *star = NULL, *from = NULL;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (pattern < end &&
			   (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

static bool fits(const char *pattern, const char *text)
{
	return suppress_glob(pattern, strlen(pattern), text);
}

static bool is_below_main(const char *function)
{
	static const char *const names[] = { "_start", "__libc_start_main",
					     "__libc_start_call_main",
					     "__libc_start_main_impl" };

	if (function[0] != '_')
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

/* "foo.isra.0", a copy that a compiler made of a function, is "foo" to us where
 * there is debug information. */
static bool is_copy_of(const char *pattern, const char *function)
{
	static const char *const copies[] = { ".isra.", ".part.", ".constprop.",
					      ".lto_priv.", ".cold" };
	size_t length = 0;

	while (function[length] && pattern[length] == function[length])
		length++;
	if (!length || function[length])
		return false;
	for (size_t i = 0; i < sizeof(copies) / sizeof(*copies); i++)
		if (!strncmp(pattern + length, copies[i], strlen(copies[i])))
			return true;
	return false;
}

static bool function_fits(const char *pattern, const struct location *l)
{
	const char *function = l->function;

	if (!function)
		return fits(pattern, UNKNOWN);
	/* Valgrind matches symbols, which it prints there; people write names, too. */
	if (fits(pattern, function) || is_copy_of(pattern, function) ||
	    (l->shown != function && l->shown &&
	     (fits(pattern, l->shown) || fits(pattern, l->full))) ||
	    (is_below_main(function) && fits(pattern, "(below main)")))
		return true;
	/* Of a C library function's names Valgrind takes the plainest, debug
	 * information has its first: "strdup" is "__strdup" or
	 * "__GI___strdup". */
	if (strncmp(function, "__", 2) || !l->module ||
	    !strstr(l->module, "/libc.so"))
		return false;
	if (!strncmp(function, "__GI_", 5))
		function += 5;
	return fits(pattern, function + strspn(function, "_"));
}

/* C++'s operators are real frames with us, of its library. */
static bool is_operator_new(const struct location *l)
{
	return l->function && (!strncmp(l->function, "_Znw", 4) ||
			       !strncmp(l->function, "_Zna", 4) ||
			       !strncmp(l->function, "operator new", 12));
}

/* One line of a block against one frame; never a LINE_ANY. */
static bool line_fits(const struct suppress_line *line,
		      const struct location *l)
{
	const char *slash = l->file ? strrchr(l->file, '/') : NULL;

	switch (line->kind) {
	case LINE_FUNCTION:
		return function_fits(line->pattern, l);
	case LINE_SOURCE:
		return l->file && (!line->line || line->line == l->line) &&
		       (fits(line->pattern, l->file) ||
			(slash && fits(line->pattern, slash + 1)));
	default:
		return fits(line->pattern, l->module ? l->module : UNKNOWN) ||
		       (is_operator_new(l) &&
			fits(line->pattern, VALGRIND_OBJECT));
	}
}

/* --- Allocation functions ------------------------------------------------------- */

/* Valgrind has these, and shows some by the names of others of their family:
 * realloc of nothing is malloc. */
static const struct allocator {
	const char *name;
	unsigned family;
} allocators[] = {
	{ "malloc", 1 },         { "calloc", 2 },        { "realloc", 1 },
	{ "reallocarray", 1 },   { "valloc", 3 },        { "memalign", 3 },
	{ "posix_memalign", 3 }, { "aligned_alloc", 3 }, { "pvalloc", 3 },
};
#define ALLOCATORS (sizeof(allocators) / sizeof(*allocators))

static bool allocator_fits(const struct suppress_line *line,
			   const char *allocator)
{
	unsigned family = 0; /* it is not known which one */

	if (line->kind == LINE_OBJECT)
		return fits(line->pattern, VALGRIND_OBJECT);
	if (line->kind == LINE_SOURCE)
		return fits(line->pattern, VALGRIND_SOURCE);
	for (size_t i = 0; allocator && i < ALLOCATORS; i++)
		if (!strcmp(allocators[i].name, allocator))
			family = allocators[i].family;
	for (size_t i = 0; i < ALLOCATORS; i++)
		if ((!family || allocators[i].family == family) &&
		    fits(line->pattern, allocators[i].name))
			return true;
	return false;
}

bool suppress_allocator_fits(const char *pattern, const char *allocator,
			     const struct location *inner)
{
	char older[64];

	if (inner && is_operator_new(inner)) {
		/* As LeakSanitizer prints them. */
		const char *name = inner->function;

		if (!strncmp(name, "_Znw", 4))
			name = "operator new(unsigned long)";
		else if (!strncmp(name, "_Zna", 4))
			name = "operator new[](unsigned long)";
		return suppress_template(pattern, name);
	}
	allocator = allocator ? allocator : "malloc";
	snprintf(older, sizeof(older), "__interceptor_%s", allocator);
	return suppress_template(pattern, allocator) ||
	       suppress_template(pattern, older);
}

/* --- Blocks ---------------------------------------------------------------------- */

/* A stack, innermost frame first, with the allocation function in front. */
struct stack {
	const struct location *const *frames;
	size_t count;
	bool begins; /* with the allocation function */
	const char *allocator;
};

/* As suppress_glob, `...` for `*`, but the end may be left over. */
static bool lines_fit(const struct suppression *b, const struct stack *s)
{
	size_t line = 0, at = 0, star = SIZE_MAX, from = 0;
	const size_t count = s->count + s->begins;

	while (line < b->line_count) {
		const struct suppress_line *l = &b->lines[line];
		bool any = l->kind == LINE_ANY, fit = false;

		if (!any && at < count)
			fit = s->begins && !at
				  ? allocator_fits(l, s->allocator)
				  : line_fits(l, s->frames[at - s->begins]);
		if (any) {
			star = ++line;
			from = at;
		} else if (fit) {
			line++;
			at++;
		} else if (star != SIZE_MAX && at < count) {
			line = star;
			at = ++from;
		} else {
			return false;
		}
	}
	return true;
}

static bool stack_fits(const struct suppression *b, const char *allocator,
		       const struct location *const *stack, size_t count)
{
	struct stack s = { stack, count, true, allocator };

	if (lines_fit(b, &s))
		return true;
	s.begins = false;
	for (; s.count; s.frames++, s.count--) {
		if (lines_fit(b, &s))
			return true;
		if (!is_operator_new(s.frames[0]))
			break;
	}
	return false;
}

bool suppress_block_fits(const struct suppression *b, const char *allocator,
			 const struct location *const *stack, size_t count)
{
	const struct location **frames;
	size_t n = 0;
	bool fits;

	if (stack_fits(b, allocator, stack, count))
		return true;
	frames = xcalloc(count + 1, sizeof(*frames));
	for (size_t i = 0; i < count; i++)
		if (!stack[i]->tail_call)
			frames[n++] = stack[i];
	fits = n < count && stack_fits(b, allocator, frames, n);
	free(frames);
	return fits;
}
