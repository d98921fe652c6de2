/* SPDX-License-Identifier: MIT */
#include "counted.h"

#include <string.h>

#include "fnv.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The C library's own, and what starts a program. */
static bool is_system(const struct location *l)
{
	static const char *const modules[] = { "libc.so", "ld-linux",
					       "libpthread.so" };
	const char *name = l->module ? base_name(l->module) : "";

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (!strncmp(name, modules[i], strlen(modules[i])))
			return true;
	return l->function && !strcmp(l->function, "_start");
}

/* Bytes of the name without ".isra.0", ".constprop.1.cold" and the like. */
static size_t plain_length(const char *function)
{
	const char *dot = strchr(function + 1, '.');

	return function[0] && dot ? (size_t)(dot - function) : strlen(function);
}

static bool is_again(const struct location *l, const struct location *last)
{
	return last && l->function && last->function &&
	       plain_length(l->function) == plain_length(last->function) &&
	       !strncmp(l->function, last->function, plain_length(l->function));
}

/* With the frames of the system, or without. */
static size_t each(const struct model *m, struct symbols *s, uint32_t stack,
		   bool system,
		   void (*visit)(const struct location *l, void *data),
		   void *data)
{
	const struct location *last = NULL;
	size_t count = 0;

	for (uint32_t f = m->stacks[stack].frame; f; f = m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(s, f, &l);

		for (size_t i = 0; i < n; i++) {
			if ((!system && is_system(&l[i])) ||
			    is_again(&l[i], last))
				continue;
			visit(&l[i], data);
			last = &l[i];
			count++;
		}
	}
	return count;
}

size_t counted_each(const struct model *m, struct symbols *s, uint32_t stack,
		    void (*visit)(const struct location *l, void *data),
		    void *data)
{
	size_t count = each(m, s, stack, false, visit, data);

	return count ? count : each(m, s, stack, true, visit, data);
}

/* A function without a name is known by its module alone. */
static void add_location(const struct location *l, void *data)
{
	uint64_t *hash = data;
	const char *module;

	if (l->function) {
		*hash =
		    fnv_bytes(*hash, l->function, plain_length(l->function));
		return;
	}
	module = l->module ? base_name(l->module) : "";
	*hash = fnv_bytes(*hash, module, strcspn(module, "."));
}

uint64_t counted_hash(const struct model *m, struct symbols *s, uint32_t stack)
{
	uint64_t hash = FNV_OFFSET;

	return counted_each(m, s, stack, add_location, &hash) ? hash : 0;
}
