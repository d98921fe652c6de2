/* SPDX-License-Identifier: MIT */
/* Each function that allocates, from a function of its own, with its own size;
 * test_hooks.py looks for by_NAME and that size. */
#include <malloc.h>

#include "hooks.h"

#define LOSE(name, call)                                                       \
	static NOINLINE void by_##name(void)                                   \
	{                                                                      \
		void *p = call;                                                \
		OPAQUE(p);                                                     \
		if (!p)                                                        \
			abort();                                               \
	}

static inline void *from_posix_memalign(void)
{
	void *p;

	return posix_memalign(&p, 32, 109) ? NULL : p;
}

LOSE(malloc, malloc(101))
LOSE(calloc, calloc(2, 51))
LOSE(realloc, realloc(malloc(1), 103))
LOSE(realloc_null, realloc(NULL, 104))
LOSE(reallocarray, reallocarray(NULL, 5, 21))
LOSE(aligned_alloc, aligned_alloc(64, 128))
LOSE(memalign, memalign(64, 107))
LOSE(posix_memalign, from_posix_memalign())
LOSE(valloc, valloc(108))
LOSE(pvalloc, pvalloc(110))
LOSE(malloc_0, malloc(0))

int main(void)
{
	by_malloc();
	by_calloc();
	by_realloc();
	by_realloc_null();
	by_reallocarray();
	by_aligned_alloc();
	by_memalign();
	by_posix_memalign();
	by_valloc();
	by_pvalloc();
	by_malloc_0();
	scrub();
	return 0;
}
