/* SPDX-License-Identifier: MIT */
/*
 * The end of a run: turns live stores of ended processes into recordings, and
 * prints what is in them.
 */
#ifndef RUN_END_H
#define RUN_END_H

#include <stdbool.h>
#include <sys/types.h>

#include "cache.h"
#include "live.h"
#include "model.h"

struct run_end {
	const char *output; /* file of the recordings; NULL: by name */
	pid_t pid;          /* of the main program */
	int status;         /* its end, as waitpid(2) gave it */
	uint64_t
	    ended_ns; /* wall clock: now, for all of the run's recordings */
	bool quiet;   /* no report; only what went wrong */
	bool full;    /* a line for each process, however many */
	bool alone;   /* children were not to be recorded */
	struct cache *cache;     /* for symbols; NULL: none */
	struct model_file *file; /* that file, once one is in it; all 0 at
				    first. The caller ends it */
};

/* For a run that has just ended. */
uint64_t run_end_now(void);

/*
 * Writes recordings of all stores in `l` into one file, then the report of the process with
 * the worst findings, and of the others what children.h says; stores of processes that
 * are still alive, or that cannot be written elsewhere, stay. False if the main
 * program left no store: the shim did not get into it.
 */
bool run_end_finish(const struct run_end *f, const struct live *l);

/* Its steps, for callers that do something else with the stores. */

/* The last image that process `pid` executed; `count` when there is none. */
size_t run_end_find_main(const struct live_store *list, size_t count,
			 pid_t pid);
/* Notes how the main program ended, as waitpid(2) gave it. A killed process
 * recorded no end time: that is now. */
void run_end_set_end(struct model *m, int status);
/* The same for another process, as other processes noted it: then its own note
 * that it was about to end does not count. */
void run_end_note_end(struct model *m, const struct live_store *store);
/* Whether it was only a copy of its parent on the way to another program: what
 * it did is not worth a recording. */
bool run_end_is_passing(const struct live_store *store, const struct model *m);
/* Writes the recording, with the run's numbers, and removes the store: that of the
 * main program first, if it has one. Returns the name of the recording as it is in
 * the end, for the caller to free. */
char *run_end_save(const struct run_end *f, struct model *m, const char *store);
/* Prints that its process goes on, and so does its recording. */
void run_end_tell_alive(const struct live_store *store);

#endif
