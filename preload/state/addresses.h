/* SPDX-License-Identifier: MIT */
/*
 * The limit on addresses (RLIMIT_AS) that a program set itself. It counts
 * refknot's addresses, too: room is added for those (rlimit_mark.h) and all of
 * that room is mapped, so that the program gets what it would get without
 * refknot, to the page.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

struct addresses {
	uint64_t soft, hard; /* as they will be again */
	bool changed;
};

/* Maps what is left of the room that was added to that limit; nothing if none
 * was. Call it before the limit is set. */
void addresses_fit(uint64_t soft);

/* A store is about to be made, which may need more addresses for a moment:
 * allows that until addresses_end(), unless a filter forbids it. Only while
 * there is one thread, or if others do not matter. */
void addresses_begin(void);
void addresses_end(void);
/* The soft limit; between the two calls what it will be again. */
uint64_t addresses_limit(void);

/* Whether so few addresses are allowed that a program may not begin beside this
 * library, or that no store can be made. */
bool addresses_are_few(void);

/* A program is about to be executed in place of this one, with this library
 * (`loads`) or without: narrows the limit to what that has until its store is
 * made. */
void addresses_narrow(struct addresses *a, bool loads);
/* It did not begin: takes that back. */
void addresses_widen(const struct addresses *a);

#endif
