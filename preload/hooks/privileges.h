/* SPDX-License-Identifier: MIT */
/*
 * What a process may not be able to do any more once it has given up its
 * privileges: to make a store, to open what a snapshot reads.  Both are done
 * before.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/*
 * Such a call is about to be made: begins a recording if that is still to be
 * done, and keeps /proc if the call `hides` it (proc.h). Does nothing for a
 * vfork child: the memory is its parent's. May run in a signal handler.
 */
enum hides {
	HIDES_NOTHING,
	HIDES_ROOT,  /* now, by another root directory if at all */
	HIDES_MOUNTS /* from now on */
};
struct privileges {
	enum hides hides;
	bool keeps; /* what was not kept before */
};
void privileges_enter(struct privileges *p, enum hides hides);
/* The call was made. `done`: it succeeded. */
void privileges_leave(const struct privileges *p, bool done);

#endif
