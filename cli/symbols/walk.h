/* SPDX-License-Identifier: MIT */
/*
 * A call stack's locations, one after another: the only way over a stack's
 * functions, so that all that read one see the same.
 *
 *	walk_begin(&w, m, s, stack);
 *	while ((l = walk_next(&w)))
 *		...
 */
#ifndef WALK_H
#define WALK_H

#include "model.h"
#include "symbols.h"

struct walk {
	uint32_t frame; /* that the last location is of, or was called by */
	/* walk.c's own: */
	const struct model *m;
	struct symbols *s;
	uint32_t next; /* frame */
	const struct location *list;
	size_t left; /* of it */
};

void walk_begin(struct walk *w, const struct model *m, struct symbols *s,
		uint32_t stack);

/* The next location outward, which lives as long as the symbols; NULL: there
 * are no more. */
const struct location *walk_next(struct walk *w);

#endif
