/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <string.h>

#include "memory.h"

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

bool results_find(uint64_t block, uint64_t end, uint64_t link,
		  const struct map *maps, uint32_t count, uint64_t *from,
		  uint64_t *to)
{
	const uint64_t behind = link + NUMBER + 8;
	const uint64_t *words = NULL;
	int number;

	/* The first four words of that shape: behind them is a second pointer
	 * to code. There may be none: the code may be gone. */
	for (uint64_t at = behind; !words && at + WORDS * 8 <= end; at += 8) {
		const uint64_t *w = (const uint64_t *)(uintptr_t)at;
		const struct map *code;

		if ((uint32_t)w[SCHEDULING] > PRIORITY_MOST ||
		    w[SCHEDULING] >> 32 > POLICY_MOST)
			continue;
		code = memory_map(maps, count, w[FUNCTION]);
		if (code && code->executable)
			words = w;
	}

	memcpy(&number, (const void *)(uintptr_t)(link + NUMBER),
	       sizeof(number));
	if (number != ENDED || (words && words[JOINER] == block))
		return false;
	*from = words ? (uint64_t)(uintptr_t)&words[RESULT] : behind;
	*to = words ? *from + 8 : end;
	return true;
}
