/* SPDX-License-Identifier: MIT */
/*
 * Which call stacks are one to a reader. A compiler that unrolls a loop or
 * copies a function makes several return addresses of one call, so stacks are
 * alike if they agree in functions, files and lines; in addresses only where
 * lines are not known.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "distinct.h"
#include "hash.h"

struct stack_class {
	uint64_t hash; /* of the locations */
	uint32_t stack;
	UT_hash_handle hh;
};

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = distinct_mix(hash + (unsigned char)*text);
	return distinct_mix(hash);
}

static uint64_t add_location(uint64_t hash, const struct location *l)
{
	hash = add_text(hash, l->module);
	if (!l->function || !l->line)
		return distinct_mix(hash + l->offset);
	hash = add_text(hash, l->function);
	hash = add_text(hash, l->file);
	return distinct_mix(hash + l->line);
}

static uint64_t hash_stack(const struct analysis *a, uint32_t stack)
{
	uint32_t f = a->m->stacks[stack].frame;
	uint64_t hash = a->m->stacks[stack].flags;

	for (; f; f = a->m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(a->symbols, f, &l);

		for (size_t i = 0; i < n; i++)
			hash = add_location(hash, &l[i]);
	}
	return hash;
}

static uint32_t find_class(struct analysis *a, uint32_t stack)
{
	uint64_t hash = hash_stack(a, stack);
	struct stack_class *c;

	HASH_FIND(hh, a->classes, &hash, sizeof(hash), c);
	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->hash = hash;
		c->stack = stack;
		HASH_ADD(hh, a->classes, hash, sizeof(c->hash), c);
	}
	return c->stack;
}

uint32_t analysis_stack(struct analysis *a, uint32_t block)
{
	uint32_t stack = a->m->blocks[block].stack;

	if (!a->symbols)
		return stack;
	if (!a->alike[stack])
		a->alike[stack] = 1 + find_class(a, stack);
	return a->alike[stack] - 1;
}

void analysis_release_stacks(struct analysis *a)
{
	struct stack_class *c, *next;

	HASH_ITER (hh, a->classes, c, next) {
		HASH_DEL(a->classes, c);
		free(c);
	}
	free(a->alike);
}
