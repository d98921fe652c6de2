/* SPDX-License-Identifier: MIT */
/*
 * Runs a program to its end as if refknot were not between it and its caller:
 * it inherits every signal disposition, and signals sent to refknot reach it,
 * also those that the caller ignores.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sys/types.h>

/* What is done while the program runs. */
struct launch_meanwhile {
	/*
	 * Called once, when the program was executed; returns when it has
	 * nothing more to do, or soon after `ended`, a descriptor, can be read:
	 * the program has ended. -1: there is none; then it must not wait.
	 */
	void (*run)(int ended, pid_t pid, void *data);
	void *data;
};

/*
 * Executes `path` with `arguments` and this process's environment, and waits.
 * `meanwhile` may be NULL. 0 with *pid and *status as waitpid(2) gives them;
 * -errno if it could not be started.
 */
int launch(const char *path, const char **arguments,
	   const struct launch_meanwhile *meanwhile, pid_t *pid, int *status);

/*
 * From now on this process gets an error of write(2), not a signal, at a limit
 * on the size of files; what launch() executes gets SIGXFSZ as it was. Call it
 * first of all.
 */
void launch_ignore_size(void);

/* The exit status that a shell would give for `status`: 128+N for signal N. */
int launch_exit_status(int status);

#endif
