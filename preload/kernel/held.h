/* SPDX-License-Identifier: MIT */
/*
 * Signals that the kernel sends for what refknot itself does: SIGPIPE for a
 * message, SIGXFSZ for the store's file, SIGXCPU for the time of a check. They
 * are held back meanwhile, and one that refknot caused is taken back, so that
 * the program never sees it. What was pending before stays pending.
 */
#ifndef HELD_H
#define HELD_H

#include <stdbool.h>
#include <stdint.h>

struct held {
	uint64_t mask;    /* what was blocked before */
	uint64_t pending; /* what waited already */
	bool blocked;
};

/* Blocks all signals but those of faults. False if a filter forbids that, or to
 * take a signal back. May run anywhere; held_end() must follow in each case. */
bool held_begin(struct held *h);
/* Restores the mask. If the signal `raised` (0: none) came since held_begin(),
 * refknot caused it, and it is taken back. */
void held_end(const struct held *h, int raised);

#endif
