/* SPDX-License-Identifier: MIT */
/*
 * An allocator to preload, which may be interrupted anywhere by itself: it
 * hands out 64 MiB in turn and begins again behind the first. Blocks that live
 * long must be among the first MiB.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT  __attribute__((visibility("default")))
#define ARENA   (64u << 20)
#define LASTING (1u << 20)
#define HEAD    16u /* before each block: its size */

static _Alignas(4096) char arena[ARENA];
static size_t used;

static size_t take(size_t size)
{
	size_t from = __atomic_load_n(&used, __ATOMIC_RELAXED), start;

	do {
		start = from + size > ARENA ? LASTING : from;
	} while (!__atomic_compare_exchange_n(
	    &used, &from, start + size, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return start;
}

EXPORT void *malloc(size_t size)
{
	char *p;

	if (size > ARENA / 2) {
		errno = ENOMEM;
		return NULL;
	}
	p = arena + take((size + HEAD + 15) & ~(size_t)15);
	*(size_t *)(void *)p = size;
	return p + HEAD;
}

EXPORT void free(void *p)
{
	(void)p;
}

EXPORT void *calloc(size_t count, size_t size)
{
	void *p = malloc(count * size);

	return p ? memset(p, 0, count * size) : NULL;
}

EXPORT void *realloc(void *old, size_t size)
{
	void *p = malloc(size);
	size_t had = old ? *(size_t *)(void *)((char *)old - HEAD) : 0;

	return p && old ? memcpy(p, old, had < size ? had : size) : p;
}

void *memalign(size_t to, size_t size);

EXPORT void *memalign(size_t to, size_t size)
{
	char *p = malloc(size + to);

	return p ? p + (-(uintptr_t)p & (to - 1)) : NULL;
}

EXPORT void *aligned_alloc(size_t to, size_t size)
{
	return memalign(to, size);
}

EXPORT int posix_memalign(void **p, size_t to, size_t size)
{
	*p = memalign(to, size);
	return *p ? 0 : ENOMEM;
}
