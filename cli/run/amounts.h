/* SPDX-License-Identifier: MIT */
/*
 * A command that is run again and again with more to do each time: what is alive
 * at the end of each run, by type and place, and which of it grows from run to
 * run. A run is a pass then, and its growth what it leaves more than the run
 * before it.
 */
#ifndef AMOUNTS_H
#define AMOUNTS_H

#include "cache.h"
#include "growth.h"
#include "live.h"

struct amount; /* of one type and place */

struct amounts {
	struct amount *list;
	size_t count;
	uint64_t runs; /* that have ended */
	bool lost;     /* what was alive is not known of one of them */
};

/* Whether an argument has the {} that stands for how much there is to do. */
bool amounts_asked(const char **arguments);
/* A copy with each {} replaced by `amount`, in one piece for the caller to free. */
const char **amounts_arguments(const char **arguments, uint64_t amount);

/* A process of the present run: call it for each, then amounts_end_run. */
void amounts_add(struct amounts *a, const struct model *m, struct symbols *s);
void amounts_end_run(struct amounts *a, const struct growth_options *o);

/* As a region called `name`, a pass for each run. Empties `a`. */
void amounts_judge(struct amounts *a, const struct growth_options *o,
		   const char *name, struct growth *g);

#endif
