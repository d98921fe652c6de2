/* SPDX-License-Identifier: MIT */
/*
 * Whether a pointer to a certain offset in blocks of one innermost caller keeps
 * them: see findings_headers.c for the rules.
 */
#ifndef HABITS_H
#define HABITS_H

#include "seats.h"

#define HABITS_LEAST 3 /* fewer blocks, callers or sizes may be chance */

/* How a block is held at the offset. */
enum habits_held {
	HABITS_NOT_THERE = 0,
	HABITS_THERE = 1,
	HABITS_BY_LINK = 2, /* which may be the allocator's own */
};

struct habits {
	const struct seats *seats;
	const uint8_t *held; /* per block: enum habits_held */
	/* Called for each block held there that such a pointer keeps, for some
	 * twice. */
	void (*accept)(void *data, uint32_t block);
	void *data;
};

/* The seats from .. to have a site in common. */
void habits_judge(struct habits *s, const struct seat *from,
		  const struct seat *to);

#endif
