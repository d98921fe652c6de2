/* SPDX-License-Identifier: MIT */
/*
 * The limit on addresses (RLIMIT_AS) that a program set itself, which counts
 * refknot's, too: with room added for those (rlimit_mark.h), and all of that room
 * mapped, the program gets what it would get without, to the page.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

struct addresses {
	uint64_t soft, hard; /* as they are to be again */
	bool changed;
};

/* Map what is left of the room that was added to that limit, or nothing, if none
 * was; before it is set. */
void addresses_fit(uint64_t soft);

/* A store is about to be made, which may need more for a moment: that is allowed
 * until addresses_end(), where no filter forbids it. Only there is one
 * thread, or others do not mind. */
void addresses_begin(void);
void addresses_end(void);
/* The soft limit; between the two what it will be again. */
uint64_t addresses_limit(void);

/* Are so few allowed that a program may not begin beside this library, or that no
 * store can be made? */
bool addresses_are_few(void);

/* A program is about to be executed in the place of this one, with this library
 * or without: as much as it has then until its store is made. */
void addresses_narrow(struct addresses *a, bool loads);
/* It did not begin. */
void addresses_widen(const struct addresses *a);

#endif
