/* SPDX-License-Identifier: MIT */
/*
 * The hooks that free: the record first, because after the real free another
 * thread may own the address.
 *
 * Like hooks.c it keeps frame pointers: where an object is freed is noted.
 */
#include <stddef.h>
#include <stdlib.h>

#include "compiler.h"
#include "real.h"
#include "record.h"

#define HERE __builtin_frame_address(0)

static inline __attribute__((always_inline)) void give_back(void *p,
							    const void *frame)
{
	if (likely(p)) {
		record_free(p, frame);
		real.free(p);
	}
}

EXPORT void free(void *p)
{
	give_back(p, HERE);
}

void cfree(void *p);
EXPORT void cfree(void *p)
{
	give_back(p, HERE);
}

void free_sized(void *p, size_t size);
EXPORT void free_sized(void *p, size_t size)
{
	(void)size;
	give_back(p, HERE);
}

void free_aligned_sized(void *p, size_t alignment, size_t size);
EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	give_back(p, HERE);
}

/* See hooks.c. */
void __libc_free(void *p);
EXPORT void __libc_free(void *p)
{
	real_resolve();
	if (likely(p) && real_is_alone())
		record_free(p, HERE);
	real_private.free(p);
}
