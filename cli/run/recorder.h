/* SPDX-License-Identifier: MIT */
/* Runs a program with the shim in it, from its checks to its end. */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "live.h"

struct recorder {
	const char *output; /* file that recordings will go to or beside; NULL:
			       the working directory */
	bool keeps; /* recordings are kept: say beforehand if they cannot be
		       written */
	/* Patterns of programs to judge, as in common/patterns.h; NULL: all. */
	const char *programs, *skip_programs;
	/*
	 * The program has ended (`pid`, `status` as waitpid(2) gave it): does
	 * what is to be done with the stores in `l`. False if the program left
	 * none there.
	 */
	bool (*ended)(const struct live *l, pid_t pid, int status, void *data);
	void *data;
};

enum recorder_outcome {
	RECORDER_DONE,
	RECORDER_UNPLACED, /* it ran unrecorded: no room for a live store */
	RECORDER_KILLED,   /* a signal ended it, and the shim had not begun */
	RECORDER_UNLOADED, /* it ran unrecorded: the shim did not get into it */
	RECORDER_REFUSED,  /* it cannot be recorded, and did not run */
	RECORDER_FAILED,   /* it could not be started */
};

/*
 * Runs arguments[0] with `arguments` recorded, with the environment as it is,
 * and waits for it. Prints a sentence on stderr for all but RECORDER_DONE.
 * *status is as waitpid(2) gives it, if the program ran. Dies if there is no
 * shim.
 */
enum recorder_outcome recorder_run(const struct recorder *r,
				   const char **arguments, int *status);

/* Sets a variable for the program: setenv() replaces only the first of several,
 * and some shells take the last. */
void recorder_set(const char *name, const char *value);

/* Dies if a setting in the environment (settings.def) is wrong; `option` says
 * whether --NAME sets it, too (NULL: none does). */
void recorder_check_settings(bool (*option)(const char *name));

#endif
