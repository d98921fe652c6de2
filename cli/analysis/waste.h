/* SPDX-License-Identifier: MIT */
/*
 * Memory that the kernel holds and no live block uses: resident pages beside what
 * is alive.  docs/waste.md has what each number means, and why a page's free bytes
 * are shared by the number of blocks on it.
 */
#ifndef WASTE_H
#define WASTE_H

#include <stdbool.h>

#include "groups.h"
#include "model.h"

/* Of a row of blocks. */
struct waste_row {
	uint64_t blocks;
	uint64_t bytes;  /* as asked for */
	uint64_t slack;  /* usable and not asked for, and the allocator's own;
			    in memory as far as that is known */
	uint64_t pinned; /* its share of the free bytes in pages that are at
			    least half free */
	uint64_t pages;  /* of these, on which it has a block */
	uint64_t sole;   /* pinned in pages on which no other row has one */
};

/* Bytes of one of glibc's arenas, in memory. */
struct waste_arena {
	uint64_t resident;
	uint64_t free;  /* of it: pinned, between blocks, and empty pages */
	uint64_t empty; /* of that: pages without a live block */
};

struct waste {
	bool held;      /* what the kernel held of mappings is known */
	bool known;     /* which pages is, too; else nothing is of the heap but
			   blocks and slack */
	bool glibc;     /* slack and arenas are; not without a snapshot */
	bool inherited; /* the parent's blocks are on its pages, too */

	/* Bytes in memory: all but refknot's own, and what they are. */
	uint64_t resident;
	uint64_t heap;   /* of malloc */
	uint64_t mapped; /* anonymous, and not malloc's */
	uint64_t stacks;
	uint64_t modules; /* code and data of the program and libraries */
	uint64_t files;   /* other files, and shared memory */
	uint64_t own;     /* refknot's tables */
	uint64_t swapped; /* of no use to anybody now */
	uint64_t unknown; /* mappings of which it is not known */

	/* What the heap is. */
	uint64_t alive;   /* as asked for */
	uint64_t slack;   /* of live blocks */
	uint64_t pinned;  /* free, in pages at least half free with a live
			     block */
	uint64_t between; /* free, in other pages with a live block */
	uint64_t empty;   /* pages without a live block */
	uint64_t pinned_pages;
	/* Of live blocks, as asked for, and not in memory: never written, or
	 * swapped out. */
	uint64_t absent;

	uint64_t blocks, bytes; /* alive, whether in memory or not */
	uint64_t all_slack;

	struct waste_row *rows; /* by label */
	size_t row_count;
	struct waste_arena *arenas; /* by number */
	size_t arena_count;
	uint64_t own_mappings; /* of malloc, one for each large block */
};

/* `labels` has the row of each block, below `count`. Dies when out of memory. */
void waste_make(struct waste *w, const struct model *m, const uint32_t *labels,
		size_t count);
void waste_release(struct waste *w);

#endif
