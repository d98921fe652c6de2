/* SPDX-License-Identifier: MIT */
/* When a program began, and in which process: the process may go on as another
 * program by exec, and its number may be given to another process. */
#ifndef BEGINNING_H
#define BEGINNING_H

#include <stdbool.h>
#include <stdint.h>

struct beginning {
	uint32_t pid;
	bool forked;      /* by fork; else by exec, also of a new process */
	uint64_t time_ns; /* all that are compared are of one clock */
};

/* Whether the process of `earlier` went on as `later`. A forked process reuses
 * an earlier one's number; it does not replace it. */
static inline bool beginning_replaces(struct beginning later,
				      struct beginning earlier)
{
	return later.pid == earlier.pid && !later.forked &&
	       later.time_ns > earlier.time_ns;
}

#endif
