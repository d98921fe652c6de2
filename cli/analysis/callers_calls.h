/* SPDX-License-Identifier: MIT */
/* Working memory of callers_make(); only the callers*.c files share it. */
#ifndef CALLERS_CALLS_H
#define CALLERS_CALLS_H

#include "callers.h"
#include "changes.h"
#include "hash.h"

#define DEPTH  16 /* functions of a stack that are looked at */
#define NOBODY UINT32_MAX

struct function {
	uint64_t hash;
	uint32_t number;
	const struct location *place;
	UT_hash_handle hh;
};

/* The functions of a stack, the innermost first. */
struct path {
	uint32_t stack;
	uint32_t functions[DEPTH];
	uint32_t depth;
	UT_hash_handle hh;
};

/* A call that changed a count. */
struct call {
	uint32_t stack;
	uint32_t path[DEPTH]; /* functions, the innermost first */
	uint32_t depth, at;   /* path[at] is the caller */
	enum change_kind kind;
	bool counts;   /* it is of the objects that are asked for */
	uint32_t left; /* the reference of a named holder that is left of it,
			  index into m->references; RKN_NONE */
};

/* The sums of the calls whose caller is a function. */
struct sums {
	uint64_t taken, given; /* by all */
	uint32_t parent;       /* its caller; NOBODY: none yet */
	bool parents;          /* several */
	uint32_t child;        /* what it called; NOBODY: none yet */
	bool children;         /* several, or none at times */
	int64_t net; /* of the calls that count, if helpers passed theirs on */
	bool even;   /* that is 0, and one took at least */
};

struct maker {
	const struct model *m;
	struct symbols *s;
	struct function *table;
	struct path *paths;             /* by stack */
	const struct location **places; /* by function */
	uint32_t functions;
	struct call *calls;
	size_t count;
	bool counts;  /* of the object at work */
	bool unnamed; /* leave out the calls that name a holder */
	bool lost;
	bool mixed;   /* what is left to named holders is a guess */
	bool assumed; /* that a function is a helper */
};

static inline uint32_t calls_caller(const struct call *c)
{
	return c->depth ? c->path[c->at] : NOBODY;
}

static inline uint32_t calls_parent(const struct call *c)
{
	return c->at + 1 < c->depth ? c->path[c->at + 1] : NOBODY;
}

/* Of every function on the ways of calls, as if it were the caller; the caller
 * frees it. callers_helpers.c */
struct sums *callers_sum_ways(const struct maker *k);

/* Gives calls to the callers that helpers helped. `assuming`: also of functions
 * that one other calls, if that makes it even; k->assumed then.
 * callers_helpers.c */
void callers_skip_helpers(struct maker *k, bool assuming);

/*
 * The function that the caller may have helped: the outermost on the path to it
 * that did nothing else, nor did any between them. NULL if there is none.
 * callers_helpers.c
 */
const struct location *callers_within(const struct maker *k,
				      const struct call *c,
				      const struct sums *ways);

#endif
