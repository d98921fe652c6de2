/* SPDX-License-Identifier: MIT */
/*
 * Pairs of one with one: as many as can be, and of all ways to have so many the
 * one that costs least. By shortest augmenting paths (Bellman and Ford), which
 * leave the costs least at each number of pairs.
 */
#ifndef MATCHING_H
#define MATCHING_H

#include <stddef.h>
#include <stdint.h>

struct matching_edge {
	size_t left, right;
	uint32_t cost;
};

#define MATCHING_NONE SIZE_MAX

/* right_of[each left]: its partner, or MATCHING_NONE. Equal ways: that of the
 * edges which come first, as far as they say. Dies when out of memory. */
void matching_make(size_t *right_of, size_t lefts, size_t rights,
		   const struct matching_edge *edges, size_t count);

#endif
