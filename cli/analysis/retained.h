/* SPDX-License-Identifier: MIT */
/*
 * What would be free if all blocks of one label were: they themselves, and every
 * block to which no way leads but through one of them (the label dominates it).
 * This is exact for each label as a whole, where a sum over its blocks would
 * count twice what one keeps with another below it, and leave out what
 * only several keep together.
 *
 * Which labels are on every way to a block is a forward data flow problem
 * (Kildall 1973, "A unified approach to global program optimization"): the label
 * of the block, and what is common to all from where pointers come. It is
 * solved for all labels at once, over sets that share what is alike
 * (number_sets.h), in reverse postorder, and then where a set shrank.
 */
#ifndef RETAINED_H
#define RETAINED_H

#include <stddef.h>
#include <stdint.h>

#include "holding.h"

#define RETAINED_NONE UINT32_MAX /* no label */

/* A part of a block whose objects are of several labels: pointers in it lead on
 * under its label, and it is free with that label, whatever the rest. */
struct retained_part {
	uint64_t start, end; /* bytes in the block */
	uint32_t block;
	uint32_t label; /* RETAINED_NONE: none */
};

struct retained_labels {
	uint32_t count;           /* all labels are below */
	const uint32_t *of_block; /* a label; RETAINED_NONE: none, or parts */
	/* Ascending by block, then start. */
	const struct retained_part *parts;
	size_t part_count;
	bool
	    places; /* parts are places of pointers only: no part counts itself */
	/* How many objects each block is, 0 as 1; NULL: each is one. */
	const uint32_t *objects;
	/* How many nodes the sets of more than 64 labels may have; if they need
	 * more, labels are taken in several rounds. 0: as many as blocks. */
	uint32_t room;
};

struct retained_sum {
	uint64_t objects;
	uint64_t bytes;
};

/* Sets sums[0 .. l->count). Dies when out of memory. */
void retained_by_label(struct retained_sum *sums, const struct holding *h,
		       const struct retained_labels *l);

#endif
