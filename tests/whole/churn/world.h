/* SPDX-License-Identifier: MIT */
/* Who is at work: the dice, and what it is doing. */
#ifndef WORLD_H
#define WORLD_H

#include "book.h"

#define WORLD_SIZES 6

struct world {
	uint64_t dice; /* state of the generator */
	enum situation by;
	uint32_t step;    /* of the script, from 1 */
	unsigned depth;   /* how many forks lead here */
	const char *book; /* path of this process's own */
	const char *plugin;
	bool forks;      /* children, that free much of what they inherit */
	bool plain_ends; /* processes end by exit(), threads by return */
	size_t sizes[WORLD_SIZES]; /* that it likes */
};

/* A number below `n`, which is at least 1. */
static inline uint32_t roll(struct world *w, uint32_t n)
{
	uint64_t z = w->dice += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) % n);
}

/* True in `percent` of 100 cases. */
static inline bool chance(struct world *w, uint32_t percent)
{
	return roll(w, 100) < percent;
}

/* From `least` to `most`. */
static inline uint32_t between(struct world *w, uint32_t least, uint32_t most)
{
	return least + roll(w, most - least + 1);
}

#endif
