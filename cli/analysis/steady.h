/* SPDX-License-Identifier: MIT */
/* The verdict of refknot steady, over all recordings that it is asked about. */
#ifndef STEADY_H
#define STEADY_H

#include <stdio.h>

#include <jansson.h>

#include "growth.h"

struct steady {
	struct growth_options options;
	struct growth_region *list; /* each name once */
	size_t count;
	const char *noun; /* what a region does: "pass", or "run" */
};

/* Takes what is in `g`, and leaves it empty. Processes are judged by themselves:
 * a region that has enough passes in one of them was judged. */
void steady_add(struct steady *s, struct growth *g);
void steady_release(struct steady *s);

/* Whether nothing grows, and all could be judged. */
bool steady_is(const struct steady *s);

/* Prints what grows, at most `limit` rows a region (0: all). */
void steady_print(FILE *out, const struct steady *s, size_t limit);
/* "refknot: OK steady: ...; exit 0", with `status`. */
void steady_print_verdict(FILE *out, const struct steady *s, int status);
/* The same in JSON, as refknot-steady.schema.json has it. */
json_t *steady_json(const struct steady *s, size_t limit, int status);

#endif
