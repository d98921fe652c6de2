/* SPDX-License-Identifier: MIT */
/*
 * What a run found in its processes, as the run_ fields of struct rkn_meta have
 * it: in short, in order and in sums.
 */
#ifndef LOSSES_H
#define LOSSES_H

#include <stdbool.h>

#include "findings.h"

/* Notes the numbers of `f`, and of mappings of `m`, in `meta`; a number too large for
 * its field is the largest. */
void losses_note(struct rkn_meta *meta, const struct findings *f,
		 const struct model *m);

/* Whether the numbers are there, if only because no check can be made. */
static inline bool losses_are_known(const struct rkn_meta *m)
{
	return m->flags & (RKN_META_JUDGED | RKN_META_UNJUDGED);
}

/* All but possible leaks. */
static inline uint64_t losses_findings(const struct rkn_meta *m)
{
	return (uint64_t)m->run_cycles + m->run_leaks + m->run_others;
}

/*
 * The order of processes, as qsort() asks for it, the worst first: the one that
 * lost most bytes, else that has most findings, else most possible leaks; of
 * equal ones the process that the run started, else the one that began first.
 * Of what one process was before and behind an exec the last is first.
 */
int losses_compare(const struct rkn_meta *a, const struct rkn_meta *b);

/* "1 orphaned cycle and 5 leaks, 9.9 KiB; 5.0 MiB of mappings lost"; the caller
 * frees it. */
char *losses_text(const struct rkn_meta *m);
/* "5.0 MiB of mappings lost" */
#define LOSSES_MAPPED "%s of mappings lost"

struct losses_sums {
	uint64_t processes, finders, clean, unchecked, killed;
	uint64_t mappers; /* lost only mappings: neither clean nor finders */
	uint64_t findings, lost_bytes, lost_mapped;
};

/* `killed`: a signal ended it. */
void losses_add(struct losses_sums *s, const struct rkn_meta *m);
/* "2 of 15 processes have findings, 9.9 KiB lost and 5.0 MiB of mappings; 11 are
 * clean, 1 lost only mappings, 1 was not checked"; the caller frees it. */
char *losses_sums_text(const struct losses_sums *s);

#endif
