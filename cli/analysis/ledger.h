/* SPDX-License-Identifier: MIT */
/*
 * The program's objects as a graph: which object holds references on which, and
 * which objects only they themselves hold (trial deletion, as CPython's gc does
 * it: reference counts against counted edges).
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "backing.h"
#include "block_objects.h"
#include "graph.h"
#include "model.h"

enum ledger_mark {
	LEDGER_WHITE = 0, /* held by white objects only */
	LEDGER_HELD = 1,  /* from outside, or its count says nothing */
	LEDGER_ENDED = 2,
};

struct ledger {
	const struct model *m;
	struct block_objects contents;
	uint32_t *object_of; /* per block: see block_objects_object */
	uint32_t *owner_of;  /* per block: see owners_make */
	/* Per object: the blocks that it owns and that are not objects. */
	uint32_t *own_blocks;
	uint64_t *own_bytes;
	int64_t *strong; /* per object: references whose holder is an object
			    that is alive */
	int64_t *ended;  /* per object: references whose holder has ended */
	struct backing backing;
	uint8_t *mark; /* per object: enum ledger_mark */
	/* Strong edges between live objects; from_word is the number of the
	 * reference. Those of object i: edges[first[i] .. first[i + 1]). */
	struct rkn_edge *edges;
	uint32_t *first;
	struct graph g;
	uint32_t *component; /* per object: those that hold each other by strong
				edges have the same number */
};

/* NULL: the recording has no objects. `m` must outlive it. Dies when out of
 * memory. */
struct ledger *ledger_open(const struct model *m);
void ledger_close(struct ledger *l); /* NULL is fine */

/* Whether its count says how many references there are: not of immortal
 * objects, and not a count that was never used. */
bool ledger_counts(const struct ledger *l, uint32_t object);

/* References without a live object as their named holder. */
int64_t ledger_residual(const struct ledger *l, uint32_t object);

/* The object that `block` is, 0 if it is none. `l` may be NULL. */
static inline uint32_t ledger_object(const struct ledger *l, uint32_t block)
{
	return l ? l->object_of[block] : 0;
}

/* The newest release of `object` that left references: an index into
 * m->events; RKN_NONE if none is known. */
uint32_t ledger_last_release(const struct ledger *l, uint32_t object);

/* What would end if reference `reference` were given back: objects, with the
 * blocks that they own, and all their bytes. `scratch`: zeros, one an object; so it
 * is afterwards. */
uint64_t ledger_simulate(const struct ledger *l, uint32_t reference,
			 int64_t *scratch, uint64_t *bytes);

#endif
