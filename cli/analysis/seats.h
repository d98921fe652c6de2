/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are held, sorted by the place in the code that allocated them:
 * by the addresses on their stacks, the innermost first, then by size.
 */
#ifndef SEATS_H
#define SEATS_H

#include "analysis.h"

#define SEATS_DEPTH 10 /* frames of a stack by which places differ */

struct seat {
	uint32_t rank; /* of the place */
	uint32_t block;
	uint64_t size;
};

struct seats {
	const struct model *m;
	uint64_t (*chains)[SEATS_DEPTH]; /* per stack; 0: it has ended */
	uint32_t *rank;                  /* per stack: in the order of chains */
	uint32_t *first;                 /* per rank: a stack that has it */
	struct seat *list;
	size_t count;
};

/* What seats_site() needs. Dies when out of memory. */
void seats_open(struct seats *s, const struct model *m);
/* The rest: a seat for each block that `mark` does not call LOST. */
void seats_fill(struct seats *s, const uint8_t *mark);
void seats_close(struct seats *s);

/* Where the call that allocated `block` returns to; 0: not known. */
uint64_t seats_site(const struct seats *s, uint32_t block);

/* The addresses of a seat's place. */
const uint64_t *seats_chain(const struct seats *s, const struct seat *seat);

/* The first seat, in list[0 .. count], whose site is not below `site`. */
const struct seat *seats_from(const struct seats *s, uint64_t site);

#endif
