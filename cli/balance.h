/* SPDX-License-Identifier: MIT */
/*
 * What happened to one object's count, as a call tree: which functions, with
 * all that they called, gave it more references than they took back.
 */
#ifndef BALANCE_H
#define BALANCE_H

#include <stdbool.h>

#include "model.h"

struct balance_node {
	uint32_t frame;    /* 0: calls whose stack is not known */
	uint32_t retains;  /* in it and all that it called; making it is one */
	uint32_t releases;
	size_t depth;
};

struct balance {
	struct balance_node *nodes; /* callers before what they called */
	size_t count;
	uint64_t retains, releases; /* of all */
	uint64_t pruned; /* calls in functions that gave back what they took */
	uint64_t lost;   /* older events that were not kept */
	int64_t lost_count; /* what they left, beyond references in the tree */
};

/* `all`: prune nothing. Dies when out of memory. */
void balance_make(struct balance *b, const struct model *m, uint32_t object,
		  bool all);
void balance_release(struct balance *b);

#endif
