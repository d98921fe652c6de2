/* SPDX-License-Identifier: MIT */
/* A recording's findings in sums, and what the recording lacks. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdio.h>

#include "findings.h"

struct verdict_sum {
	uint64_t findings;
	uint64_t objects;
	uint64_t bytes;
	uint64_t held_objects;
	uint64_t held_bytes;
};

struct verdict {
	uint64_t findings; /* of the kinds that count */
	bool complete;     /* nothing is missing: verdict_gaps is 0 */
	struct verdict_sum by_kind[FINDING_KINDS]; /* also of those that do
						      not */
	uint64_t live_objects;
	uint64_t live_bytes;
};

/* `kinds`: those that count, as in struct report_options. */
void verdict_make(struct verdict *v, const struct findings *f,
		  const struct model *m, unsigned kinds);

/* Findings of the kinds in `kinds`. */
uint64_t verdict_findings(const struct verdict *v, unsigned kinds);
/* What those of them lose that lose something, with what they hold. */
void verdict_lost(const struct verdict *v, unsigned kinds, uint64_t *blocks,
		  uint64_t *bytes);

/* One thing that was not recorded. */
struct verdict_gap {
	const char *what; /* in the plural, for programs; for people: */
	const char *said; /* as their number is */
	uint64_t count;
	const char *cause;       /* why it was not */
	const char *consequence; /* what that means for the findings */
	const char
	    *remedy; /* a command or call that avoids it; "": none does */
	enum rkn_limit_number limit; /* RKN_LIMITS: it is not of a limit */
};

#define VERDICT_INDENT 13               /* columns of "   not seen: " */
#define VERDICT_GAPS   (RKN_LIMITS + 2) /* most that there can be */

/* Fills gaps[VERDICT_GAPS]; returns how many there are. `f` NULL: nothing was
 * judged, nor asked for. Texts live as long as `m` and `f`. */
size_t verdict_gaps(struct verdict_gap *gaps, const struct model *m,
		    const struct findings *f);
/*
 * Writes them under `heading` (NULL: none), what and why in the first line of each,
 * the consequence and the remedy below; lines are wrapped. Nothing if there is
 * none.
 */
void verdict_print_gaps(FILE *out, const char *heading, const struct model *m,
			const struct findings *f);

/* Bytes of all live blocks, as requested. */
uint64_t verdict_live_bytes(const struct model *m);

#endif
