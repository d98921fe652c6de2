/* SPDX-License-Identifier: MIT */
/*
 * Signals that the kernel sends for what refknot itself does: SIGPIPE for a
 * message, SIGXFSZ for the store's file, SIGXCPU for the time of a check. They
 * are held back meanwhile, and one that came by us is taken back, so that the
 * program never sees it. What the program had pending before stays.
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

/* Block all signals but those of faults. False: a filter does not let us, or not
 * take one back. May run anywhere; held_end() follows in each case. */
bool held_begin(struct held *h);
/* Back to what it was; `raised`, if not 0, came by us if it came since then. */
void held_end(const struct held *h, int raised);

#endif
