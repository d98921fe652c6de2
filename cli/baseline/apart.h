/* SPDX-License-Identifier: MIT */
/*
 * What distinguishes one of several stacks from the others that have the same
 * line to blame, as when many functions call one constructor: the functions
 * from the innermost on, up to the first in which they differ.
 */
#ifndef APART_H
#define APART_H

#include "issue_stack.h"

struct sources;

struct apart_stack {
	const struct issue_stack *stack;
	size_t place; /* the frame to blame, see issue_stack_blame() */
};

/* All zero: nothing else has the line. */
struct apart {
	/* "make_copy at copy.c:4, called by load at main.c:12", as the program
	 * has it, so to be escaped; NULL: nothing else has the line, or nothing
	 * distinguishes them. */
	char *chain;
	/* The outermost frame of the chain that is in the source tree, if it is
	 * farther out than the place; else the place. */
	size_t site;
	char *path; /* its file within the tree; NULL: it is the place */
};

/* Of each of `count`, among all: into result[], for apart_release(). Their order
 * counts for nothing. */
void apart_make(const struct apart_stack *list, size_t count,
		const struct sources *sources, struct apart *result);
void apart_release(struct apart *a);

#endif
