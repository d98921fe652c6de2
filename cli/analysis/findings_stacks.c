/* SPDX-License-Identifier: MIT */
/* Stacks that are alike get one number; see stack_hash.h. */
#include <stdlib.h>

#include "analysis.h"
#include "hash.h"
#include "stack_hash.h"

struct stack_class {
	uint64_t hash; /* of the locations */
	uint32_t stack;
	UT_hash_handle hh;
};

static uint32_t find_class(struct analysis *a, uint32_t stack)
{
	uint64_t hash = stack_hash(a->m, a->symbols, stack);
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
