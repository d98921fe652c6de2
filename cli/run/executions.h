/* SPDX-License-Identifier: MIT */
/*
 * What recorded processes noted when they executed a program
 * (the shim's executions.c), and whether it left a store.
 */
#ifndef EXECUTIONS_H
#define EXECUTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"

struct execution {
	char *path;   /* absolute if it is known; else the name */
	char *called; /* base of its argument 0; "": not known */
	uint32_t pid;
	uint64_t time_ns; /* monotonic */
	bool filtered;    /* a filter of system calls keeps it from being
			     recorded */
	bool bare;        /* it was not to load the shim, or could not */
};

/* A program that the shim did not record because it is not judged. */
struct skipped {
	char *program, *name; /* path, and what it was started by */
	uint32_t pid;
	uint64_t time_ns;  /* monotonic */
	uint64_t start_ns; /* wall clock */
};

struct executions {
	struct execution *list; /* by pid, oldest first */
	size_t count;
	struct skipped *skipped; /* in no order */
	size_t skipped_count;
};

void executions_read(struct executions *n, const struct live *l);
void executions_release(struct executions *n);

/* Whether a store of execution `i` is in `list`, or it was skipped: one that
 * the process began after it, and before it executed the next program. */
bool executions_recorded(const struct executions *n, size_t i,
			 const struct live_store *list, size_t count);

/* Whether any program that process `pid` executed was skipped. */
bool executions_skipped(const struct executions *n, uint32_t pid);

/* When process `pid`, whose store begins at `time`, executed the program of
 * that store; `time` if no note says so. */
uint64_t executions_start(const struct executions *n, uint32_t pid,
			  uint64_t time, const struct live_store *list,
			  size_t count);
/* When the next of that number began or was executed, after `time`; UINT64_MAX:
 * never. */
uint64_t executions_next(const struct executions *n, uint32_t pid,
			 uint64_t time, const struct live_store *list,
			 size_t count);

/* Marks stores whose process went on as a program that left none. */
void executions_replace(const struct live *l, struct live_store *list,
			size_t count);

#endif
