/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <string.h>

/*
 * Parts of glibc's struct pthread (nptl/descr.h), which have had this order
 * since glibc 2.3.4, but no fixed place: the link in the list, the thread's
 * number, and further on these words.
 */
#define NUMBER (2 * 8) /* from the link: an int */
enum word {
	JOINER, /* the thread that waits for this one; itself: detached */
	RESULT,
	SCHEDULING, /* the priority and the policy, two ints */
	FUNCTION,   /* that it began with */
	WORDS,
};

#define ENDED         0 /* its number, by the kernel; -1: by pthread_join */
#define PRIORITY_MOST 99
#define POLICY_MOST   7

static bool is_code(uint64_t address, const struct map *maps, uint32_t count)
{
	const uint32_t i = maps_behind(maps, count, address);

	return i < count && address >= maps[i].start && maps[i].executable;
}

static bool has_scheduling(uint64_t word)
{
	return (uint32_t)word <= PRIORITY_MOST && word >> 32 <= POLICY_MOST;
}

/* The first four words of that shape: behind them is a second pointer to
 * code. NULL: there are none, its code may be gone. */
static const uint64_t *find_words(uint64_t at, uint64_t end,
				  const struct map *maps, uint32_t count)
{
	for (; at + WORDS * 8 <= end; at += 8) {
		const uint64_t *words = (const uint64_t *)(uintptr_t)at;

		if (has_scheduling(words[SCHEDULING]) &&
		    is_code(words[FUNCTION], maps, count))
			return words;
	}
	return NULL;
}

bool results_find(uint64_t block, uint64_t end, uint64_t link,
		  const struct map *maps, uint32_t count, uint64_t *from,
		  uint64_t *to)
{
	const uint64_t behind = link + NUMBER + 8;
	const uint64_t *words = find_words(behind, end, maps, count);
	int number;

	memcpy(&number, (const void *)(uintptr_t)(link + NUMBER),
	       sizeof(number));
	if (number != ENDED || (words && words[JOINER] == block))
		return false;
	*from = words ? (uint64_t)(uintptr_t)&words[RESULT] : behind;
	*to = words ? *from + 8 : end;
	return true;
}
