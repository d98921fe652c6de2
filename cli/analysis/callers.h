/* SPDX-License-Identifier: MIT */
/*
 * Which callers took references on some objects and which gave them back.  A
 * caller is the function that did it, or had it done by a function that takes,
 * or gives back, for several.  A caller that gave back as many as it took is in
 * order and is left out.  Which of the others' references is left cannot be
 * known, unless they took more than all that was given back.  What is left to
 * named holders is counted by itself: no other call makes it even.
 */
#ifndef CALLERS_H
#define CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "reading.h"

struct callers_row {
	const struct location *place;  /* the caller; lives as long as the
					 symbols; NULL: not known */
	const struct location *within; /* that it may have been a helper of;
					  NULL */
	uint32_t stack;     /* of the last call of the kind that there were more
			     of */
	uint64_t taken;     /* making the object is one */
	uint64_t given;     /* back */
	uint64_t certain;   /* of those taken: never given back */
	bool maker;         /* all that it took was by making objects */
	uint32_t reference; /* the first that is left to a named holder, index
			       into m->references: all of the row are; RKN_NONE:
			       none is */
	bool ended;         /* these holders have ended */
};

struct callers {
	/* First what holders that have ended did not give back; then those that
	 * took more than they gave, those with most first and makers last among
	 * equals; then the others likewise. */
	struct callers_row *rows;
	size_t count;
	uint64_t left;    /* references taken and not given back */
	uint64_t certain; /* of those: the caller is certain */
	bool all_named;   /* all that is left has holders that are named */
	bool lost;        /* not all calls are known: nothing is certain */
	bool assumed; /* a function was taken for one that gives back, or takes,
			 for its caller: nothing is certain */
};

/* Dies when out of memory. Calls that named the holder are left out where what
 * they took was given back by such calls. */
void callers_make(struct callers *c, const struct reading *in,
		  const uint32_t *objects, size_t count);
void callers_release(struct callers *c);

#endif
