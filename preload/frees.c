/* SPDX-License-Identifier: MIT */
/*
 * The hooks that free: the record first, because after the real free another
 * thread may own the address.
 */
#include <stddef.h>
#include <stdlib.h>

#include "compiler.h"
#include "real.h"
#include "record.h"

static inline void give_back(void *p)
{
	if (likely(p)) {
		record_free(p);
		real.free(p);
	}
}

EXPORT void free(void *p)
{
	give_back(p);
}

void cfree(void *p);
EXPORT void cfree(void *p)
{
	give_back(p);
}

void free_sized(void *p, size_t size);
EXPORT void free_sized(void *p, size_t size)
{
	(void)size;
	give_back(p);
}

void free_aligned_sized(void *p, size_t alignment, size_t size);
EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	give_back(p);
}
