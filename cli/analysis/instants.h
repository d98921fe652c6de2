/* SPDX-License-Identifier: MIT */
/* Times of a run, and those of which is known what each call stack had alive. */
#ifndef INSTANTS_H
#define INSTANTS_H

#include "model.h"

/* In the order in which one is taken that has the same time as another. */
enum instant_kind {
	INSTANT_MARK,  /* where no objects are declared: then stacks say all */
	INSTANT_START, /* nothing is alive */
	INSTANT_PEAK,
	INSTANT_END,
	INSTANT_KEY, /* a key frame */
	INSTANT_KINDS
};
extern const char *const instant_names[INSTANT_KINDS];

struct instant {
	enum instant_kind kind;
	uint64_t time_ns;            /* since the start */
	const struct rkn_key *key;   /* INSTANT_KEY */
	const struct rkn_mark *mark; /* INSTANT_MARK */
};

struct instant_sum {
	uint64_t blocks;
	uint64_t bytes;
};

/* Whether the recording has a timeline: older versions wrote none. */
bool instants_known(const struct model *m);
/* Why it has none, or no lifetimes: a clause. */
#define INSTANTS_WHY_UNKNOWN                                                   \
	"an older version of refknot made the recording, or that part of it is missing"

/* What is known by stack, in the order of time, from the start to the end, for the
 * caller to free. Dies when out of memory, as all here. */
struct instant *instants_list(const struct model *m, size_t *count);
/* The one of `list` (not empty) that was asked for, or is nearest to that time. */
const struct instant *instants_nearest(const struct instant *list, size_t count,
				       const struct instant *asked);
/* What each stack had alive then: sums[stack]; all that is not known by stack:
 * sums[m->stack_count]. `sums` are set, all of them. */
void instants_sums(const struct model *m, const struct instant *at,
		   struct instant_sum *sums);

/* The end. */
struct instant instants_end(const struct model *m);

/* Bytes that were alive then, of all stacks: as the last point has them that is not
 * later. The timeline must be known. */
uint64_t instants_alive(const struct model *m, uint64_t time_ns);

/* "10% is at 32.3 ms, peak at 11.8 ms", for the caller to free, if the first is the
 * later one; else NULL. The texts are those that people gave. */
char *instants_order(const struct instant *first, const char *first_text,
		     const struct instant *last, const char *last_text);

/* How many blocks were allocated in the whole run. The timeline must be known. */
uint64_t instants_births(const struct model *m);

/* When most was alive; NULL: not known. */
const struct rkn_point *instants_peak(const struct model *m);

/*
 * Sets *asked to what `text` means: "start", "peak", "end", the name of a mark as
 * marks_find() has it, "40%", or seconds: "12.5", "12.5s", "300ms", "2min", "1h".
 * A time that is written as the end is, as "1.2 s" of 1.18, is the end. Of what has
 * no name the kind is INSTANT_KINDS. Returns NULL; or a clause why it means none, as
 * it is behind the end, for people, which the caller frees.
 */
char *instants_parse(const struct model *m, const char *text,
		     struct instant *asked);

#endif
