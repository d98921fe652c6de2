/* SPDX-License-Identifier: MIT */
/*
 * Which pointer backs a reference that the program says an object holds.
 *
 * Mostly there is one, in the holder's memory: its block, and blocks that are
 * not objects and that only it leads to.  Some holders have none: they keep a
 * number, or an encoded pointer.  So what a live holder is said to hold is in
 * use, pointer or not, unless others of its kind do have pointers: then a
 * missing one was overwritten, and the reference was not given back.
 */
#ifndef BACKING_H
#define BACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

enum backing_kind {
	BACKING_UNKNOWN = 0, /* the holder has ended or is not known; or weak */
	BACKING_POINTER,     /* there is one, only of this reference */
	BACKING_SILENT, /* there is none, as is usual for such holders; or one
			   for several; or both are in one block */
	BACKING_STALE,  /* there is none, but others of the kind have one */
};

struct backing {
	uint8_t *kinds;   /* per reference: enum backing_kind */
	uint32_t *silent; /* per object: references of that kind */
	uint32_t *stale;  /* likewise */
	/* What references add to the graph: from blocks of holders, and of
	 * holders outside the heap (`from` RKN_NONE), to blocks of objects,
	 * where pointers do not show it. from_word is RKN_NONE. By
	 * `from`. */
	struct rkn_edge *edges;
	uint32_t edge_count;
};

/* `object_count`: at least one. `owners`: see owners_make. Dies when out of
 * memory. */
void backing_make(struct backing *b, const struct model *m,
		  const uint32_t *owners);
void backing_release(struct backing *b);

/* Whether a release without a holder came after reference `r`, which may have
 * been meant for it. True if that is not known. */
bool backing_is_guess(const struct model *m, const struct rkn_reference *r);

#endif
