/* SPDX-License-Identifier: MIT */
/* A recording with what reads it: its model, symbols, types and names. */
#ifndef READING_H
#define READING_H

#include "block_types.h"
#include "counts.h"
#include "model.h"
#include "names.h"
#include "symbols.h"

struct reading {
	const struct model *m; /* the caller's */
	struct symbols *symbols;
	struct block_types *types;
	struct names *names;
	struct counts *counts; /* NULL: not asked */
};

/*
 * model_load(), which says what is in `m` afterwards, and what may be returned.
 * Prints a warning if the recording cannot be read, or not to its end.
 */
int reading_load(struct model *m, const char *path);

/* Opens all of them for `m`. `m`, and `c` (NULL: no cache), must outlive it.
 * Dies when out of memory. */
void reading_open(struct reading *in, const struct model *m, struct cache *c);
/* Closes what reading_open() opened; `m` stays. */
void reading_close(struct reading *in);

#endif
