/* SPDX-License-Identifier: MIT */
/*
 * What recorded processes noted about the ends of others (the shim's ends.c):
 * parents that waited, and processes that sent SIGKILL.
 */
#ifndef ENDS_H
#define ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"

enum end_kind {
	END_SEEN,   /* a parent saw it */
	END_SENT,   /* it was sent SIGKILL, which nothing survives */
	END_FAILED, /* none: its recording could not begin */
};

struct end {
	uint32_t pid;
	uint64_t time_ns; /* monotonic */
	enum end_kind kind;
	int signal;  /* 0: it exited */
	uint32_t by; /* process that noted it */
	bool used;   /* ends_find() has found it */
};

struct ends {
	struct end *list; /* by pid, oldest first */
	size_t count;
};

void ends_read(struct ends *n, const struct live *l);
void ends_release(struct ends *n);

/*
 * How the process `pid` ended that lived from `from` on, until before `to`,
 * when the next of that number began: what its parent saw, else that it was
 * sent SIGKILL. NULL if that is not known.
 */
struct end *ends_find(const struct ends *n, uint32_t pid, uint64_t from,
		      uint64_t to);

/* Whether that process had the shim, and could not be recorded. */
bool ends_failed(const struct ends *n, uint32_t pid, uint64_t from,
		 uint64_t to);

/* Notes in each store how its process ended, if that differs from what the
 * process says itself. Call it after executions_replace(). */
void ends_note(const struct live *l, struct live_store *list, size_t count);

#endif
