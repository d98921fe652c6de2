/* SPDX-License-Identifier: MIT */
/* Sorted lists of numbers, for a binary search. No malloc. */
#ifndef ORDERED_H
#define ORDERED_H

#include <stdint.h>

struct ordered {
	uint64_t key;
	uint64_t value; /* what the key means */
};

/* Sorts `count` of them by their keys, in place. */
void ordered_sort(struct ordered *list, uint32_t count);

/* The index of the first of `count`, sorted, whose key is `key` or more;
 * `count` if there is none. */
uint32_t ordered_from(const struct ordered *list, uint32_t count, uint64_t key);

#endif
