/* SPDX-License-Identifier: MIT */
/* All ways to a block, expanded in the function that is to be its site. */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"
#include "sites.h"

static const char allocate_text[] =
    "What is here is no address, and it is long enough for all strings that a "
    "program makes, which are never longer than this one: it goes on for more "
    "than two lines, until it has two hundred and fifty characters, then some, "
    "and only then comes to its end, which is here.";

#define ALLOCATE_TEXT (sizeof(allocate_text) - 1)
_Static_assert(ALLOCATE_TEXT >= 249, "a string may be longer");

/* One that the size is a multiple of, as C11 wants it. */
static inline size_t allocate_alignment(size_t size)
{
	size_t least = size & -size;

	return least < 64 ? least : 64;
}

static inline __attribute__((always_inline)) void *allocate(enum how how,
							    size_t size)
{
	void *p = NULL;
	int length = (int)size - 1;

	switch (how) {
	case HOW_MALLOC:
		p = malloc(size);
		break;
	case HOW_CALLOC:
		p = calloc(1, size);
		break;
	case HOW_REALLOC:
		p = realloc(NULL, size);
		break;
	case HOW_REALLOCARRAY:
		p = reallocarray(NULL, size, 1);
		break;
	case HOW_MEMALIGN:
		p = memalign(64, size);
		break;
	case HOW_ALIGNED:
		p = aligned_alloc(allocate_alignment(size), size);
		break;
	case HOW_POSIX:
		if (posix_memalign(&p, 256, size))
			p = NULL;
		break;
	case HOW_STRDUP:
		p = strdup(allocate_text + ALLOCATE_TEXT - length);
		break;
	case HOW_STRNDUP:
		p = strndup(allocate_text, (size_t)length);
		break;
	case HOW_PRINTED:
	case HOWS:
		if (asprintf((char **)&p, "%.*s", length, allocate_text) < 0)
			p = NULL;
		break;
	}
	if (!p)
		abort();
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

#endif
