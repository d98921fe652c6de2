/* SPDX-License-Identifier: MIT */
/*
 * Directories of runs.  Their owner holds a lock on a file in them: when it was
 * killed the lock is free, and a later run removes what it left. What is kept
 * for people has no such file any more.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>

/*
 * Makes "PARENT/NAME-XXXXXX", 0700, and holds it: *directory is for the caller
 * to free, and *fd for owner_release(). 0 or -errno. owner_sweep() never
 * removes it while it is being made. If the file system has no locks, it is not
 * held, *fd is -1, and it is never swept.
 */
int owner_make(const char *parent, const char *name, char **directory, int *fd);

/* The owner leaves `directory`: rmdir() removes it if nothing is in it, or a
 * later run does when it is not used any more. */
void owner_release(const char *directory, int fd);

/* Keeps for people what is at `path`, in such a directory, and with it all else
 * there. Does nothing if it is in none. */
void owner_keep(const char *path);

/* Calls `f` with the path of each directory "PARENT/NAME-XXXXXX" of this
 * user. */
void owner_each(const char *parent, const char *name,
		void (*f)(const char *path, void *data), void *data);

enum owner_state {
	OWNER_LIVES,
	OWNER_KILLED,
	OWNER_NONE, /* it was given up; what is in it is kept for people */
};

/* Of such a directory. OWNER_LIVES if it cannot be seen. */
enum owner_state owner_look(const char *path);

/* Removes such a directory with the stores and recordings in it, if its owner is
 * gone, no process uses it, and nothing else is in it. False: it stays. */
bool owner_remove(const char *path);

/*
 * Removes directories "PARENT/NAME-XXXXXX" of this user whose owner was killed,
 * with the stores in them, but those that a process still uses; and what such
 * an owner had half written in `parent` as ".refknot-XXXXXX".
 */
void owner_sweep(const char *parent, const char *name);

#endif
