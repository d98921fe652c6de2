/* SPDX-License-Identifier: MIT */
/*
 * What a run had beside its stores: programs that recorded processes executed
 * and that refknot did not get into, and processes that still exist and have no
 * store.  What they did is not known, and the report says so.
 */
#ifndef STRANGERS_H
#define STRANGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"

struct stranger {
	char *program; /* path; the name only where it was not found; "a
			  process" where it cannot be known */
	char *name;    /* that it was started by */
	uint32_t pid;
	char *why;   /* a clause: "it is statically linked, ..." */
	bool killed; /* and that is how; else it says why nothing is known */
	int signal;  /* that ended it; 0: not known */
};

/*
 * Waits, 0.2 s at most, until programs that were just executed have a store,
 * processes without one have gone, and those with one have ended. Call it before
 * live_list().
 */
void strangers_wait(const struct live *l);

/* All, oldest execution first; `list` are the stores. The caller releases. */
struct stranger *strangers_find(const struct live *l,
				const struct live_store *list, size_t count,
				size_t *found);
void strangers_release(struct stranger *list, size_t count);

/* Whether strangers_find() has the process of an empty store, by a note. Else
 * *pid is the number in its name. */
bool strangers_have(const struct live *l, const struct live_store *store,
		    uint32_t *pid);

/* Warns of each program once, with how often it was executed. `what` follows
 * its name: ", is not judged". */
void strangers_tell(const struct live *l, const struct live_store *list,
		    size_t count, const char *what);

#endif
