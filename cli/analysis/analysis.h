/* SPDX-License-Identifier: MIT */
/* Working memory of findings_make(); only the findings_*.c files share it. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "declared.h"
#include "findings.h"
#include "graph.h"
#include "ledger.h"
#include "stack_hash.h"

enum colour {
	LOST = 0,      /* not reached from any root */
	REACHABLE = 1, /* over exact pointers and pointers past a header */
	DOUBTFUL = 2,  /* over an interior pointer somewhere on the way */
	ORPHANED = 3,  /* reached, but held by nothing but itself */
	GONE = 4,      /* lost, but for what held it until the very end */
	COLOURS = 5,
	HEAD = 0x80, /* flag: the head of an instance */
};

/* Of a block that is of an object's own memory. */
enum analysis_own_flag {
	OWN_HOLDS = 1,    /* it holds a reference on that object */
	OWN_MAY_HOLD = 2, /* it may: that is not known */
};

struct analysis {
	const struct model *m;
	struct symbols *symbols;
	struct counts *counts; /* NULL: not asked */
	struct graph g;
	uint32_t *first;       /* g.first */
	uint8_t *mark;         /* enum colour of each block */
	uint32_t *component;   /* of each block of the colour at work */
	uint32_t *memory;      /* graph_components_memory words: a queue, or the
				components' blocks (struct partition) */
	uint32_t *owner;       /* 1 + index in list[]; 0: none */
	struct ledger *ledger; /* NULL: no objects */
	struct rkn_edge *edges; /* g.edges, where they are not the model's */
	struct declared declared;
	uint8_t *holds;   /* enum analysis_own_flag per block, where there is a
			   ledger; see findings_own.c */
	uint8_t *strange; /* per block: what no object leads to leads there,
			   over blocks that are none; see findings_links.c */
	uint8_t *is_member; /* per block, where there is a ledger: its finding
			       does not only hold it */
	uint8_t *taken;  /* per object, likewise: it is part of a cycle that is
			       pointed at, or held by one */
	uint8_t *makers; /* per stack, see findings_inner.c; NULL: not asked */
	struct stack_classes alike; /* where there are symbols */
	struct finding *list;
	size_t count;
};

/* Whether block `x` was there before `y`. */
static inline bool analysis_is_older(const struct analysis *a, uint32_t x,
				     uint32_t y)
{
	uint64_t birth = a->m->blocks[x].birth, other = a->m->blocks[y].birth;

	return birth != other ? birth < other : x < y;
}

/* Colours every block. findings_reach.c */
void analysis_reach(struct analysis *a);

/* Whether a pointer to `offset`, which is not 0, of `block` keeps it like one
 * to its start, by the block itself. findings_inner.c */
bool analysis_is_meant(struct analysis *a, uint32_t block, uint32_t offset);

/*
 * The same by what blocks have in common: `a->mark` has those held at their
 * start or by analysis_is_meant() as REACHABLE, and all others that are held as
 * DOUBTFUL. A result of NULL knows none. findings_headers.c
 */
struct headers;
struct headers *analysis_learn_headers(const struct analysis *a);
bool analysis_has_headers(const struct headers *h);
bool analysis_is_behind_header(const struct headers *h, uint32_t block,
			       uint32_t offset);
void analysis_release_headers(struct headers *h);

/* Leaves the pointers of weak references, which keep nothing, out of the lost
 * part of the graph. findings_weak.c */
void analysis_drop_weak(struct analysis *a);

/* Makes findings from the blocks of `colour` and gives each of these blocks an
 * owner. findings_claim.c */
void analysis_claim(struct analysis *a, enum colour colour);

/* The number of the first stack that looks to a reader like that of `block`.
 * findings_group.c */
uint32_t analysis_stack(struct analysis *a, uint32_t block);

/* Findings are one if all of this is equal. */
struct finding_key {
	uint32_t kind, stack, type, field;
};

struct finding_group; /* a hash table; NULL: empty */

/* The finding of that key, which may be new. Lives until the next one is. */
struct finding *analysis_group(struct analysis *a, struct finding_group **table,
			       const struct finding_key *key);
void analysis_release_groups(struct finding_group **table);
/* The key of cycles like the component of the blocks members[0 .. count);
 * analysis_members() finds the stack. */
struct finding_key analysis_cycle_key(struct analysis *a,
				      const uint32_t *members, uint32_t count);

/* Counts one more instance of `f`, of `size` members with that head, and shows
 * it if it is better than those before. findings_members.c */
void analysis_instance(const struct analysis *a, struct finding *f,
		       uint32_t head, uint32_t size);

/* Fills instances and members of findings list[from ..], whose heads are
 * flagged; `component` still describes their blocks. findings_members.c */
void analysis_members(struct analysis *a, size_t from);

/* Call these in this order; all but analysis_ledger() need a ledger. */
/* Marks what only itself holds though pointers lead to it, as findings.
 * findings_orphans.c */
void analysis_orphans(struct analysis *a);
/* After the claims: adds what lost cycles hold only by their references, though
 * pointers lead to it. */
void analysis_orphans_hold(struct analysis *a);
/* Finds which blocks hold a reference on the object whose memory they are.
 * findings_own.c */
void analysis_own(struct analysis *a);
/* Whether it is a pointer from an object's own memory back at it that is not a
 * reference by itself. */
bool analysis_is_own(const struct analysis *a, const struct rkn_edge *e);
/* Whether it may be a reference for all that is known: true of all but those of
 * analysis_is_own(), and of some of these. */
bool analysis_may_hold(const struct analysis *a, const struct rkn_edge *e);
/* Before analysis_is_link. findings_links.c */
void analysis_links(struct analysis *a);
/* Whether it is the link of a list, so that it does not hold the object in
 * whose middle it ends. */
bool analysis_is_link(const struct analysis *a, const struct rkn_edge *e);
/* Leaves pointers that are not references out of the lost part of the graph.
 * findings_borrowed.c */
void analysis_drop_borrowed(struct analysis *a);
/* Whether the program says that the pointer's block, or the object whose memory
 * that is, holds the object that it leads to. */
bool analysis_is_declared(const struct analysis *a, const struct rkn_edge *e);
/* The kind of a lost block's finding; without a ledger it is a leak.
 * findings_ledger.c */
enum finding_kind analysis_leak_kind(const struct analysis *a, uint32_t block);
/* After the claims: finds which of their objects have references too many. */
void analysis_count_references(struct analysis *a);
/* Makes findings of counts above and below, and of wrong use; without a ledger
 * too. */
void analysis_ledger(struct analysis *a);
/* Finds what closed and orphaned each cycle, and how to break it.
 * findings_explain.c */
void analysis_explain(struct analysis *a);

/* Names the holders that ended, of findings in their order.
 * findings_holders.c */
void analysis_ended(struct analysis *a);
/* Finds what holds the member shown of each possible leak. findings_holders.c
 */
void analysis_holders(struct analysis *a);

#endif
