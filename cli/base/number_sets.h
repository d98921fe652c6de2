/* SPDX-License-Identifier: MIT */
/*
 * Many sets of small numbers, most of which are alike or nearly so. Equal sets are
 * one: a set is a number itself, and two sets are equal if these are. Nothing
 * is freed before all is.
 *
 * A set is a binary tree over the numbers' bits, with 64 numbers in a leaf.
 * Trees share all subtrees that are equal (hash consing, after Filliatre and
 * Conchon, "Type-safe modular hash-consing", 2006), so that what is done to two
 * sets takes only as long as they differ.
 */
#ifndef NUMBER_SETS_H
#define NUMBER_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_SETS_EMPTY 0u

struct number_sets_memo; /* what was asked for lately */

struct number_sets {
	int levels;      /* of trees, above leaves */
	uint64_t *nodes; /* by set: 64 numbers, or the two below */
	uint32_t *
	    leaf; /* one a node: which numbers it has, from 1; 0: it is inner */
	uint32_t count; /* each is behind those below it */
	uint32_t room;
	uint32_t most;   /* nodes that there may be */
	uint32_t *table; /* of nodes, by what they are; 0: free */
	uint32_t size;   /* of the table: a power of two */
	struct number_sets_memo *added, *met;
	bool full; /* there were more: results since then say nothing */
};

/* Numbers are below `numbers`. Dies when out of memory, as all below. */
void number_sets_init(struct number_sets *s, uint32_t numbers, uint32_t most);
void number_sets_release(struct number_sets *s);

/* `set` with `number`. */
uint32_t number_sets_add(struct number_sets *s, uint32_t set, uint32_t number);
/* What is in both. */
uint32_t number_sets_meet(struct number_sets *s, uint32_t a, uint32_t b);
bool number_sets_has(const struct number_sets *s, uint32_t set,
		     uint32_t number);

/* Adds by_set[i] to by_number[n] for each set i and each n in it; by_set[] has
 * s->count elements, which change. */
void number_sets_spread(const struct number_sets *s, uint64_t *by_set,
			uint64_t *by_number);

#endif
