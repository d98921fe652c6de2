/* SPDX-License-Identifier: MIT */
/*
 * The end of a run: live stores of ended processes become recordings, and
 * people are told what is in them.
 */
#ifndef FINISH_H
#define FINISH_H

#include <stdbool.h>
#include <sys/types.h>

#include "cache.h"
#include "live.h"

struct finish {
	const char *output;  /* the main program's recording; NULL: by name */
	pid_t pid;           /* of the main program */
	int status;          /* its end, as waitpid(2) gave it */
	bool quiet;          /* no report; only what went wrong */
	struct cache *cache; /* for symbols; NULL: none */
};

/*
 * Write recordings and reports of all stores in `l`; those of processes that
 * are still alive, or that cannot be written elsewhere, stay. False when the
 * main program left no store: the shim did not get into it.
 */
bool finish_run(const struct finish *f, const struct live *l);

#endif
