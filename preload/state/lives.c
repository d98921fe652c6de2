/* SPDX-License-Identifier: MIT */
#include "lives.h"

#include <refknot/store.h>

#include "compiler.h"

static unsigned bucket_of(uint64_t births)
{
	unsigned bits = births ? 64 - (unsigned)__builtin_clzll(births) : 0;
	unsigned bucket = (bits + RKN_LIFE_SHIFT - 1) / RKN_LIFE_SHIFT;

	return bucket < RKN_LIFE_BUCKETS ? bucket : RKN_LIFE_BUCKETS - 1;
}

#define HALVED_MOST 31 /* times, after so many frees that no program makes */

/* Rounds at random: what is rare would be lost, or count too much. */
static uint32_t divided(uint32_t n, unsigned times, uint32_t random)
{
	const uint32_t rest = n & ((1u << times) - 1);

	return (n >> times) + (rest && random >> (32 - times) < rest);
}

/* The number in the top bits, of which one changes, is one more. */
static void halve(uint16_t *lives, unsigned halved, uint32_t random)
{
	const unsigned bit = (unsigned)__builtin_ctz(halved + 1);

	for (unsigned i = 0; i < RKN_LIFE_BUCKETS; i++) {
		const uint32_t n =
		    divided(lives[i] & STORE_LIFE_MOST, 1, random << i);

		WRITE_ONCE(lives[i], (uint16_t)(n | (lives[i] & 0x8000)));
	}
	WRITE_ONCE(lives[bit], lives[bit] ^ 0x8000);
}

void lives_add(uint16_t lives[8], uint64_t births, uint32_t weight,
	       uint32_t random)
{
	const unsigned bucket = bucket_of(births);
	unsigned halved = store_lives_halved(lives);
	uint32_t more = divided(weight, halved & 31, random);

	while ((lives[bucket] & STORE_LIFE_MOST) + more > STORE_LIFE_MOST) {
		if (halved >= HALVED_MOST)
			return;
		halve(lives, halved++, random);
		more = divided(weight, halved, random);
	}
	lives[bucket] = (uint16_t)(lives[bucket] + more);
}
