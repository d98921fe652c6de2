/* SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <string.h>

#include "die.h"
#include "place.h"
#include "symbols_calls.h"
#include "walk.h"

/* "fopen" of "_IO_new_fopen", "asprintf" of "___asprintf_chk": as programs write
 * it. */
static char *plain(const char *name)
{
	static const char *const begins[] = { "__GI_", "__isoc99_", "__isoc23_",
					      "_IO_new_", "_IO_" };
	static const char *const ends[] = { "_chk", "64" };
	size_t length;

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			name += strlen(begins[i]);
	if (strncmp(name, "__cxa_", strlen("__cxa_")) != 0)
		name += strspn(name, "_");
	length = strcspn(name, "@");
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (length > n + 1 && !memcmp(name + length - n, ends[i], n))
			length -= n;
	}
	return xstrndup(name, length);
}

static const char *operator_name(const struct location *l)
{
	if (!strncmp(l->function, "_Znw", 4))
		return "new";
	return !strncmp(l->function, "_Zna", 4) ? "new[]" : NULL;
}

/* Of the call in the frame of `l` of an exported function of the C library. */
static char *exported_name(struct symbols *s, const struct walk *w,
			   const struct location *l,
			   const struct location *exported, const char *inner)
{
	const char *name =
	    l->tail_call ? NULL : symbols_calls_name(s, w->frame);

	if (!name)
		name = exported->function;
	if (!name)
		name = inner;
	return plain(name ? name : "malloc");
}

char *allocator_name(const struct model *m, struct symbols *s, uint32_t stack)
{
	const struct location *place = place_find(m, s, stack), *l;
	const struct location *exported = NULL;
	const char *name = symbols_calls_allocator(s, m->stacks[stack].frame);
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w)) && l != place && place_is_of_libc(l))
		exported = l;
	if (l && exported)
		return exported_name(s, &w, l, exported, name);
	for (; l && l != place && l->function; l = walk_next(&w))
		if (operator_name(l))
			name = operator_name(l);
	return xstrdup(name ? name : "malloc");
}
