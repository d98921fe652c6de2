/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow one element at a time, and order and search in sorted ones.  Room
 * doubles whenever the count is a power of two, so it needs no field of its
 * own. An array that was allocated otherwise must not grow by this.
 */
#ifndef LIST_H
#define LIST_H

#include <stddef.h>
#include <stdint.h>

#include "xmalloc.h"

static inline void *list_grown(void *list, size_t count, size_t size)
{
	if (count & (count - 1))
		return list;
	return xreallocarray(list, count ? 2 * count : 1, size);
}

/* Makes room in the array `list` for one more than `count`. */
#define LIST_GROW(list, count)                                                 \
	((list) = list_grown(list, count, sizeof(*(list))))

/* Adds an element; the value is a pointer to it, for the caller to fill. Both
 * arguments are evaluated several times. */
#define LIST_ADD(list, count) (LIST_GROW(list, count), &(list)[(count)++])

/* Which of two numbers is the greater, as qsort() asks for it. Both are
 * evaluated twice. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static inline int list_ascending_32(const void *a, const void *b)
{
	return ORDER(*(const uint32_t *)a, *(const uint32_t *)b);
}

static inline int list_ascending_64(const void *a, const void *b)
{
	return ORDER(*(const uint64_t *)a, *(const uint64_t *)b);
}

/*
 * The first index below `count` for which `is_before`, an expression of `i`
 * that is true for the first ones, is false; `count` if there is none.
 */
#define LOWER_BOUND(count, i, is_before)                                       \
	({                                                                     \
		size_t low_ = 0, high_ = (count);                              \
                                                                               \
		while (low_ < high_) {                                         \
			size_t i = low_ + (high_ - low_) / 2;                  \
                                                                               \
			if (is_before)                                         \
				low_ = i + 1;                                  \
			else                                                   \
				high_ = i;                                     \
		}                                                              \
		low_;                                                          \
	})

#endif
