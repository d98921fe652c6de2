/* SPDX-License-Identifier: MIT */
/*
 * What keeps what, for retained sizes: every pointer to a block counts, into its
 * middle too, and so does a reference that the program declared where no
 * pointer shows it. A pointer that the program declared weak does not, nor that
 * of a std::weak_ptr or a Weak to what strong references keep.
 *
 * Ways begin at the roots, and to what roots do not lead at the components of
 * the lost that no other lost one leads to. A lost block does not keep one to
 * which a root leads. So from an entry every block is reached.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "counts.h"
#include "graph.h"
#include "model.h"

enum holding_mark {
	HOLDING_LOST = 0,
	HOLDING_KEPT = 1,   /* a root leads to it */
	HOLDING_ROOTED = 2, /* a root points at it */
};

struct holding {
	const struct model *m;
	struct graph g;
	uint32_t *first;        /* g.first */
	struct rkn_edge *edges; /* g.edges, if they are not the model's */
	uint8_t *mark;          /* of each block: enum holding_mark */
	/* Of each root: it is a weak reference to what others lead to, so that
	 * no way begins there; NULL: none is. */
	uint8_t *weak;
	/* Blocks that holders outside the heap are said to hold, without a
	 * pointer. */
	uint32_t *said;
	uint32_t said_count;
	/* Of each lost block, UINT32_MAX for others; NULL: none is lost. */
	uint32_t *component;
	uint32_t components;
	uint8_t *held; /* per component: another lost one leads to it */
};

/* `m` must outlive it. `counts` NULL: none are known. Dies when out of memory. */
void holding_open(struct holding *h, const struct model *m,
		  struct counts *counts);
void holding_close(struct holding *h);

static inline bool holding_is_weak(const struct holding *h, size_t root)
{
	return h->weak && h->weak[root];
}

/* The lost component that `block` is in, if ways begin there; else
 * UINT32_MAX. */
static inline uint32_t holding_source(const struct holding *h, uint32_t block)
{
	uint32_t c = h->component ? h->component[block] : UINT32_MAX;

	return c != UINT32_MAX && !h->held[c] ? c : UINT32_MAX;
}

/* Whether ways begin at `block`. */
static inline bool holding_is_entry(const struct holding *h, uint32_t block)
{
	return h->mark[block] == HOLDING_ROOTED ||
	       holding_source(h, block) != UINT32_MAX;
}

#endif
