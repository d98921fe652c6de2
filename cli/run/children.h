/* SPDX-License-Identifier: MIT */
/*
 * What `refknot run` prints about several processes. Where only the program
 * itself may have findings, that is what stands below its report: a line for
 * each child if they are few, one line for many. Else it comes first: a line
 * with sums, and one for each of the worst with the command that opens it.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "live.h"
#include "reading.h"

struct child {
	char *line; /* "child ls, pid 17: nothing lost; recording: ..." */
	char *name, *path;
	struct rkn_meta meta; /* with the numbers of losses.h */
	bool replaced; /* it went on as another program: no check is due */
};

struct children {
	struct child *list; /* in the order of their stores */
	size_t count;
};

/* Notes what its recording says, with the numbers of losses.h, which it returns,
 * too; nothing if that is interrupted (shrinking.h). `main_program`: it is the
 * program itself. */
struct rkn_meta children_add(struct children *c, const struct reading *in,
			     bool replaced, bool main_program);

/* Whether a child has a finding. */
bool children_have_findings(const struct children *c);

/* Prints the lines that come below the program's report. `full`: one for each,
 * however many. */
void children_tell(const struct children *c, FILE *out, bool full);

/*
 * Sorts them, the worst first, and prints what comes above the report of that
 * one; the program itself is one of them, and `name` what it is called (NULL: it
 * has no recording). `output`: what the user named for recordings; NULL: they
 * are in the working directory.
 */
void children_summarize(struct children *c, FILE *out, const char *name,
			const char *output, bool full);

void children_release(struct children *c);

#endif
