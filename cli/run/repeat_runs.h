/* SPDX-License-Identifier: MIT */
/*
 * A command that is run again and again with more to do each time: what is
 * alive at the end of each run, by type and place, and which of it grows from
 * run to run.  A run is a pass then, and its growth is what it leaves more than
 * the run before it.
 */
#ifndef REPEAT_RUNS_H
#define REPEAT_RUNS_H

#include "cache.h"
#include "growth.h"
#include "live.h"

struct repeat_amount; /* of one type and place */

struct repeat_runs {
	struct repeat_amount *list;
	size_t count;
	uint64_t runs; /* that have ended */
	bool lost;     /* what was alive is not known of one of them */
};

/* Whether an argument has a {}, which means how much there is to do. */
bool repeat_runs_asked(const char **arguments);
/* A copy with each {} replaced by `amount`, in one piece for the caller to
 * free. */
const char **repeat_runs_arguments(const char **arguments, uint64_t amount);

/* A process of the present run: call it for each, then repeat_runs_end_run. */
void repeat_runs_add(struct repeat_runs *a, const struct reading *in);
void repeat_runs_end_run(struct repeat_runs *a, const struct growth_options *o);

/* Judges them as a region called `name`, a pass for each run. Empties `a`. */
void repeat_runs_judge(struct repeat_runs *a, const struct growth_options *o,
		       const char *name, struct growth *g);

#endif
