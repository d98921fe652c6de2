/* SPDX-License-Identifier: MIT */
/*
 * What a process may not be able to do any more, once it has given up its
 * privileges: to make a store, to open what a snapshot reads.  Both are done
 * before.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/* A recording begins, where that is still to be done. For a vfork child nothing
 * is done: the memory is its parent's. May run in a signal handler. */
void privileges_change(void);

/* The same before the root directory changes; privileges_rooted() follows, with
 * whether it did. */
struct privileges_root {
	bool keeps;
};
void privileges_root(struct privileges_root *r);
void privileges_rooted(const struct privileges_root *r, bool changed);

#endif
