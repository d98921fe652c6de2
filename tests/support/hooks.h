/* SPDX-License-Identifier: MIT */
/* For programs that are one corner of the malloc family each. */
#ifndef HOOKS_H
#define HOOKS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"

/* Say on stdout whether `condition` holds; test_hooks.py wants all "yes". */
#define CHECK(condition)                                                       \
	printf("%s: %s\n", (condition) ? "yes" : "NO", #condition)

/* Stop the compiler from knowing `p`, and from dropping what it holds. */
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")

static NOINLINE void *lose(size_t size)
{
	void *p = malloc(size);

	OPAQUE(p);
	return p;
}

#endif
