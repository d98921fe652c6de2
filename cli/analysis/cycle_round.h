/* SPDX-License-Identifier: MIT */
/*
 * The pointers of one cycle: the shortest way round, and which of them are best
 * cleared.  A cycle may have many members that hold each other in many ways; the
 * shortest way from its head back is what a person can see at once.
 *
 * A pointer is cut with all that are like it, as a field is made weak: those at one
 * offset of one type.  Where the way round has several of the kind, as in a ring, only
 * the last of them is cut.  What is held by nothing then is freed, and gives up what
 * it held.
 */
#ifndef CYCLE_ROUND_H
#define CYCLE_ROUND_H

#include "findings.h"

#define CYCLE_CUTS 3 /* more would not help a reader */

/* A member; a control block counts as a part of the object that it is of. */
struct cycle_node {
	size_t member;   /* of the finding */
	uint32_t object; /* 0: none */
	uint32_t block;
	uint64_t start, end; /* its part of the block; bytes */
	uint64_t base;       /* from where its fields are counted */
};

struct cycle_arrow {
	uint32_t from, to; /* nodes */
	uint32_t edge;     /* that it is, of m->edges; RKN_NONE: it is only */
	uint32_t
	    reference; /* ... this one of m->references, without a pointer */
};

struct cycle_cut {
	uint32_t arrow; /* the one on the way round; of `arrows` */
	uint32_t other; /* of a kind that would do as well; RKN_NONE: none */
	bool one;       /* only this one, and not all that are like it */
};

struct cycle_round {
	struct cycle_node *nodes; /* the head first */
	size_t node_count;
	/* Pointers of members to others, by node: neither weak nor borrowed ones. If
	 * there is one member, those to itself. */
	struct cycle_arrow *arrows;
	size_t arrow_count;
	size_t hidden;      /* control blocks, which nodes leave out */
	uint32_t *round;    /* arrows from the head on, back to it */
	size_t round_count; /* 0: none is known */
	struct cycle_cut cuts[CYCLE_CUTS];
	size_t cut_count;
	size_t left; /* nodes that hold each other nevertheless */
};

/* Of the instance of `f` that is shown, a cycle. Dies when out of memory. Linear, but
 * for the order of its members. */
void cycle_round_make(struct cycle_round *c, const struct reading *in,
		      const struct finding *f);
void cycle_round_release(struct cycle_round *c);

#endif
