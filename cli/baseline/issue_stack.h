/* SPDX-License-Identifier: MIT */
/* A call stack by itself, without the recording that it came from. Texts are as
 * the program has them: writers escape them. */
#ifndef ISSUE_STACK_H
#define ISSUE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reading.h"

struct sources;

struct issue_frame {
	char *function; /* as people read it, see struct location:
			   "parse_header"; "libfoo.so+0x12" without a name */
	char *symbol;   /* likewise: its `function`; NULL: it has no name */
	char *full;     /* likewise; NULL: it says no more than `function` */
	bool library;   /* likewise */
	bool allocates; /* see place_allocates() */
	char *file;     /* see sources_straight(); NULL: not known */
	unsigned line;  /* 0: not known */
	char *module;   /* path; NULL: in none */
	uint64_t address;
	bool inlined, tail_call; /* see struct location */
};

/* A call stack, innermost frame first, and what it is of. */
struct issue_stack {
	const char *what; /* "allocated", "the reference that closed the cycle
			     was taken", "orphaned by a release", ... */
	struct issue_frame *frames;
	size_t count;
};

/* Of stack `stack` of the recording; `what` must stay. */
struct issue_stack issue_stack_make(const struct reading *in, const char *what,
				    uint32_t stack);
void issue_stack_release(struct issue_stack *s);

/*
 * The frame to blame: the innermost in the source tree that is not an allocation
 * wrapper; the innermost in it; else the innermost that is not a wrapper. *path: its
 * file within the tree, for the caller to free; NULL: it is outside.
 */
size_t issue_stack_blame(const struct issue_stack *s,
			 const struct sources *sources, char **path);

/* The frame of another stack that says most: the innermost in a file that is
 * known, else the innermost. NULL if it has none. */
const struct issue_frame *issue_stack_place(const struct issue_stack *s);

#endif
