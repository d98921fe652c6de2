/* SPDX-License-Identifier: MIT */
/*
 * How many callers of its site tell a finding from all others.  The hash of each
 * way outwards from a site, of up to CARD_DEPTH_MOST callers, is kept once for each
 * finding: what is there once is its own.  Another way would be a tree of the
 * stacks' lines, which needs the same walk and more memory.
 */
#ifndef CARD_DEPTH_H
#define CARD_DEPTH_H

#include "findings.h"

#define CARD_DEPTH_USUAL 5  /* callers on a card if none tells it */
#define CARD_DEPTH_MOST  64 /* callers that are looked at */

struct card_depths {
	uint64_t *hashes; /* sorted */
	size_t count;
};

/* Of the findings whose kind is in `kinds`, bits of enum finding_kind. Dies when
 * out of memory. */
void card_depths_make(struct card_depths *d, const struct findings *f,
		      const struct reading *in, unsigned kinds);
/* 0 to CARD_DEPTH_MOST: that many do. If nothing does, CARD_DEPTH_USUAL. */
unsigned card_depths_of(const struct card_depths *d, const struct finding *f,
			const struct reading *in);
void card_depths_release(struct card_depths *d);

#endif
