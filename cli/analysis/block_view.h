/* SPDX-License-Identifier: MIT */
/* All that is known of one block: what leads to it, what it keeps, how it is
 * reached. */
#ifndef BLOCK_VIEW_H
#define BLOCK_VIEW_H

#include "obstacle.h"
#include "reading.h"

struct block_view {
	uint32_t block;
	uint32_t object; /* 0: the block is none of the program's */
	uint64_t words;  /* in all of the memory that point into it */
	/* One clause why what it retains is not known, nor all that leads to
	 * it: in `text` or constant; NULL: it is. */
	const char *why;
	char text[OBSTACLE_SIZE];
	/* What would be free if it were, itself included: what it dominates by
	 * holding.h. Of the others how many there are of each type, most bytes
	 * first. */
	uint64_t retained_objects;
	uint64_t retained_bytes;
	struct block_view_type {
		const char *type; /* lives as long as the names */
		uint64_t objects, bytes;
	} * types;
	size_t type_count;
	/* The last block that every way to it goes through, and with which it
	 * is free; RKN_NONE: there is none. */
	uint32_t dominator;
	bool reached;   /* from a root */
	bool weakly;    /* ... but only over weak references */
	uint32_t root;  /* where the shortest path begins: into m->roots */
	uint32_t *path; /* edges from there on: into m->edges */
	size_t path_count;
	uint32_t *in; /* edges that lead to it: into m->edges */
	size_t in_count;
	uint32_t *roots; /* roots that lead to it: into m->roots */
	size_t root_count;
};

/*
 * The block that `text` names: "Session#17", "malloc in parse#3" or an address
 * in it ("0x55d0"); RKN_NONE: there is none. An object inside a block, or one
 * that has ended, sets *object.
 */
uint32_t block_view_find(const struct reading *in, const char *text,
			 uint32_t *object);

/* `p`, which must not move, is of in->m. Dies when out of memory. */
void block_view_make(struct block_view *p, const struct reading *in,
		     uint32_t block, uint32_t object);
void block_view_release(struct block_view *p);

#endif
