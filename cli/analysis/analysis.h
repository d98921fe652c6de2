/* SPDX-License-Identifier: MIT */
/* Working memory of findings_make, shared by the findings_*.c files alone. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "declared.h"
#include "findings.h"
#include "graph.h"
#include "ledger.h"

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
	OWN_MAY_HOLD = 2, /* it may: nobody can tell */
};

struct analysis {
	const struct model *m;
	struct symbols *symbols;
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
	uint32_t *alike; /* per stack, see analysis_stack; 0: not asked */
	struct stack_class *classes; /* hash table */
	struct finding *list;
	size_t count;
};

/* Colour every block. findings_reach.c */
void analysis_reach(struct analysis *a);

/* Is a pointer to `offset`, which is not 0, of `block` as good as one to its
 * start? By itself. findings_inner.c */
bool analysis_is_meant(struct analysis *a, uint32_t block, uint32_t offset);

/*
 * The same by what the blocks have in common that `a->mark` has as held, where
 * those held by analysis_is_meant or at their start are REACHABLE and all others
 * that are held DOUBTFUL. NULL knows of none. findings_headers.c
 */
struct headers;
struct headers *analysis_learn_headers(const struct analysis *a);
bool analysis_has_headers(const struct headers *h);
bool analysis_is_behind_header(const struct headers *h, uint32_t block,
			       uint32_t offset);
void analysis_release_headers(struct headers *h);

/* Make findings of `kind` or kinds from the blocks of `colour` and give each
 * of these blocks an owner. findings_claim.c */
void analysis_claim(struct analysis *a, enum colour colour);

/* The number of the first stack that was found to be like that of `block`, the
 * same to a reader. findings_stacks.c */
uint32_t analysis_stack(struct analysis *a, uint32_t block);
void analysis_release_stacks(struct analysis *a);

/* A new finding without instances; its index. findings_group.c */
uint32_t analysis_add(struct analysis *a, enum finding_kind kind,
		      uint32_t stack);

/* The finding of leaks of `kind` from `stack`; `by_stack` has one word a
 * stack, 0 at first. */
uint32_t analysis_group_leak(struct analysis *a, uint32_t *by_stack,
			     enum finding_kind kind, uint32_t stack);

struct cycle_group; /* a hash table; NULL: empty */

/* The finding of cycles like the component of the blocks members[0 .. count),
 * whose head is `head`. */
uint32_t analysis_group_cycle(struct analysis *a, struct cycle_group **table,
			      const uint32_t *members, uint32_t count,
			      uint32_t head);
void analysis_release_cycles(struct cycle_group **table);

/* Findings that no claim makes: alike by all of this. */
struct ledger_key {
	uint32_t kind, stack, type, field;
};
struct ledger_group; /* a hash table; NULL: empty */
struct finding *analysis_group(struct analysis *a, struct ledger_group **table,
			       const struct ledger_key *key);
void analysis_release_groups(struct ledger_group **table);

/* One more instance of list[finding], of `size` members with that head: count
 * it, and show it if it is better than those before. findings_members.c */
void analysis_instance(struct analysis *a, uint32_t finding, uint32_t head,
		       uint32_t size);

/* Fill instances and members of findings list[from ..], whose heads are
 * flagged; `component` still describes their blocks. findings_members.c */
void analysis_members(struct analysis *a, size_t from);

/* In this order; all but analysis_ledger want a ledger. */
/* Mark what only itself holds though pointers lead to it, as findings.
 * findings_orphans.c */
void analysis_orphans(struct analysis *a);
/* After the claims: what lost cycles hold by their references alone, though
 * pointers lead to it. */
void analysis_orphans_hold(struct analysis *a);
/* Find which blocks hold a reference on the object whose memory they are.
 * findings_own.c */
void analysis_own(struct analysis *a);
/* Is it a pointer from an object's own memory back at it that is no reference
 * by itself? */
bool analysis_is_own(const struct analysis *a, const struct rkn_edge *e);
/* May it be a reference for all that is known? True of all but analysis_is_own,
 * and of some of these. */
bool analysis_may_hold(const struct analysis *a, const struct rkn_edge *e);
/* Before analysis_is_link. findings_links.c */
void analysis_links(struct analysis *a);
/* Is it the link of a list, so that it does not hold the object in whose middle
 * it ends? */
bool analysis_is_link(const struct analysis *a, const struct rkn_edge *e);
/* Leave pointers that are no references out of the lost part of the graph.
 * findings_borrowed.c */
void analysis_drop_borrowed(struct analysis *a);
/* Does the program say that the block where the pointer stands, or the object
 * whose memory that is, holds the object that it leads to? */
bool analysis_is_declared(const struct analysis *a, const struct rkn_edge *e);
/* findings_ledger.c: without a ledger a plain leak. */
enum finding_kind analysis_leak_kind(const struct analysis *a, uint32_t block);
/* After the claims: which of their objects have references too many. */
void analysis_count_references(struct analysis *a);
/* Counts above and below, and wrong use; without a ledger too. */
void analysis_ledger(struct analysis *a);
/* What closed and orphaned each cycle, and how to break it.
 * findings_explain.c */
void analysis_explain(struct analysis *a);

/* Name the holders that ended, of findings in their order. findings_ended.c */
void analysis_ended(struct analysis *a);
/* Find what holds the member shown of each possible leak. findings_holders.c */
void analysis_holders(struct analysis *a);

#endif
