/* SPDX-License-Identifier: MIT */
/* Lists of numbers in order, to be searched by halves. No malloc. */
#ifndef ORDERED_H
#define ORDERED_H

#include <stdint.h>

struct ordered {
	uint64_t key;
	uint64_t value; /* what it stands for */
};

/* Sort `count` of them by their keys, in place. */
void ordered_sort(struct ordered *list, uint32_t count);

/* The first of `count`, sorted, whose key is `key` or more; `count`: none. */
uint32_t ordered_from(const struct ordered *list, uint32_t count, uint64_t key);

#endif
