/* SPDX-License-Identifier: MIT */
/*
 * The end of a run: live stores of ended processes become recordings, and
 * people are told what is in them.
 */
#ifndef RUN_END_H
#define RUN_END_H

#include <stdbool.h>
#include <sys/types.h>

#include "cache.h"
#include "live.h"
#include "model.h"

struct run_end {
	const char *output;  /* the main program's recording; NULL: by name */
	pid_t pid;           /* of the main program */
	int status;          /* its end, as waitpid(2) gave it */
	bool quiet;          /* no report; only what went wrong */
	bool full;           /* a line for each child, however many */
	struct cache *cache; /* for symbols; NULL: none */
};

/*
 * Write recordings and reports of all stores in `l`; those of processes that
 * are still alive, or that cannot be written elsewhere, stay. False when the
 * main program left no store: the shim did not get into it.
 */
bool run_end_finish(const struct run_end *f, const struct live *l);

/* What it is made of, for those who do something else with the stores. */

/* The last image that process `pid` executed; `count` when there is none. */
size_t run_end_find_main(const struct live_store *list, size_t count,
			 pid_t pid);
/* Note how the main program ended, as waitpid(2) gave it: whom a signal ended
 * could not note when; we have only just seen it. */
void run_end_set_end(struct model *m, int status);
/* The same of another, as far as others know it: then its own word that it was
 * about to end does not count. */
void run_end_note_end(struct model *m, const struct live_store *store);
/* A child that only ever was a copy of its parent on the way to another
 * program: what it did is not worth a recording. */
bool run_end_is_passing(const struct live_store *store, const struct model *m);
/* Write the recording and remove the store; where it is in the end, for the
 * caller to free. */
char *run_end_save(const struct run_end *f, const struct model *m,
		   const char *store, bool main_program);
/* Its process goes on, and so does its recording. */
void run_end_tell_alive(const struct live_store *store);

#endif
