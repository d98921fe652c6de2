/* SPDX-License-Identifier: MIT */
/*
 * The whole heap as one graph with a single root, for formats that know no more:
 * roots by name, what is lost, and of each pointer whether it keeps what it leads
 * to.  Over those that do, dominators give the retained sizes of holding.h.
 */
#ifndef HEAP_GRAPH_H
#define HEAP_GRAPH_H

#include "findings.h"
#include "holding.h"
#include "reading.h"
#include "texts.h"

/* A word outside the heap that points at a block. Those of one variable, or of
 * another root, have one name, and are one node. */
struct root_word {
	uint32_t name; /* text */
	uint32_t block;
	bool weak; /* it keeps nothing */
};

struct heap_graph {
	const struct model *m;
	struct holding holding;
	struct root_word *words; /* by name, those that keep first */
	size_t word_count;
	uint32_t root_count; /* names */
	/* A block of each component that ways begin at, and no root leads to: the
	 * one that a finding begins with, else any. */
	uint32_t *lost;
	size_t lost_count;
};

/* Names go to `names`. `in` must outlive it. Dies when out of memory. */
void heap_graph_open(struct heap_graph *g, const struct reading *in,
		     const struct findings *f, struct texts *names);
void heap_graph_close(struct heap_graph *g);

/* Past the last word with the name of words[from]. */
size_t heap_graph_words_end(const struct heap_graph *g, size_t from);
/* Pointers of all blocks. */
uint64_t heap_graph_pointers(const struct heap_graph *g);

/*
 * A block's pointers, one after another: those of the model, then what the program
 * declared that it holds where there is no pointer.
 *
 *	p = heap_pointers_of(g, block, p.end);
 *	while ((e = heap_pointers_next(g, &p)))
 *		...
 */
struct heap_pointers {
	bool keeps;    /* the last one does */
	bool declared; /* it has no place in the block */
	/* heap_graph.c's own: */
	const struct rkn_edge *next, *end; /* of the model */
	const struct rkn_edge *kept, *kept_end;
};

/* `next`: the end of the block before; of the first m->edges. */
struct heap_pointers heap_pointers_of(const struct heap_graph *g,
				      uint32_t block,
				      const struct rkn_edge *next);
/* NULL: there are no more. */
const struct rkn_edge *heap_pointers_next(const struct heap_graph *g,
					  struct heap_pointers *p);
/* How many follow. */
uint64_t heap_pointers_count(const struct heap_graph *g,
			     struct heap_pointers p);

#endif
