/* SPDX-License-Identifier: MIT */
/*
 * For programs whose findings are known by construction. Each opens with a
 * comment that test_truth.py reads:
 *
 *   expect: leak 3 objects 300 bytes in make_leak
 *   expect: held 2 objects 64 bytes
 *   lsan: refknot is right: why LeakSanitizer says something else
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "scrub.h"

/* What the compiler must take for read, though nobody does. */
#define USED __attribute__((used))

/* `p`, an allocation that must not fail, and whose contents matter. */
#define MUST(p)                                                                \
	__extension__({                                                        \
		void *must_p = (p);                                            \
		if (!must_p)                                                   \
			abort();                                               \
		__asm__ volatile("" : "+r"(must_p) : : "memory");              \
		must_p;                                                        \
	})

struct node {
	struct node *next;
	struct node *previous;
	long value;
};

static inline void wait_until(volatile int *flag)
{
	while (!*flag)
		sched_yield();
}

#endif
