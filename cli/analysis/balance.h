/* SPDX-License-Identifier: MIT */
/*
 * What happened to one object's count, as a call tree: which functions, with
 * all that they called, gave it more references than they took back.
 */
#ifndef BALANCE_H
#define BALANCE_H

#include <stdbool.h>

#include "reading.h"

#define BALANCE_LINES 8

struct balance_node {
	/* Of its first call, and the lines of others. Without module and offset:
	 * calls whose stack is not known. */
	struct location place;
	unsigned lines[BALANCE_LINES];
	size_t line_count; /* more than there is room for: not all */
	uint32_t retains;  /* in it and all that it called; making it is one */
	uint32_t releases;
	size_t depth;
};

struct balance {
	struct balance_node *nodes; /* callers before what they called */
	size_t count;
	uint64_t retains, releases; /* of all */
	uint64_t pruned;  /* calls in functions that gave back what they took */
	uint64_t lost;    /* older events that were not kept */
	uint64_t outside; /* events that are not in the tree: most of those,
			       and releases of what they took */
	int64_t lost_count; /* what those outside left: the count is that, and
			       retains less releases */
};

/* `all`: prunes nothing. Dies when out of memory. */
void balance_make(struct balance *b, const struct reading *in, uint32_t object,
		  bool all);
void balance_release(struct balance *b);

#endif
