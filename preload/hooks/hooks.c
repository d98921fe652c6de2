/* SPDX-License-Identifier: MIT */
/*
 * The hooks that allocate.  All have one shape: the real call, then the
 * record; a failed call records nothing.  Exception: realloc does both halves.
 *
 * This file keeps frame pointers, so that a hook's frame address tells the
 * caller's state.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "compiler.h"
#include "fatal.h"
#include "leftovers.h"
#include "libc.h"
#include "real.h"
#include "realloc_window.h"
#include "record.h"
#include "stop.h"
#include "thread.h"

#define HERE __builtin_frame_address(0)

static inline __attribute__((always_inline)) void *
recorded(void *p, size_t size, const void *frame)
{
	if (likely(p)) {
		leftovers_clear_first(p, size);
		leftovers_divided(p);
		record_alloc(p, size, 0, frame);
	}
	return p;
}

CLEAN EXPORT void *malloc(size_t size)
{
	void *p = real.malloc(size);

	if (unlikely(!p))
		return p;
	leftovers_clear_first(p, size);
	return record_alloc_here(p, size, 0, HERE);
}

CLEAN EXPORT void *calloc(size_t n, size_t size)
{
	void *p = real.calloc(n, size);

	if (unlikely(!p))
		return p;
	return record_alloc_here(p, n * size, LEFTOVERS_NONE, HERE);
}

/* The block is in its place: what others asked of this thread meanwhile. */
static COLD void do_what_was_put_off(void)
{
	const unsigned wanted = realloc_window_end_slowly();

	if (wanted & REALLOC_WINDOW_LOOK)
		record_look();
	if (wanted & REALLOC_WINDOW_STOP)
		stop_self();
	if (wanted & REALLOC_WINDOW_SIGNAL)
		fatal_now();
}

/*
 * The old block is taken out before the call, because another thread may be
 * given its address before the call returns; when the call fails the block is
 * still there and is put back. A NULL for size 0 is not a failure: it was freed.
 * In between no lock is waited for: its thread may have been stopped.
 */
#define REALLOC(call, new_size)                                                \
	struct record_freed freed = { 0 };                                     \
	const uint64_t kept = leftovers_kept(p);                               \
	void *q;                                                               \
                                                                               \
	if (p) {                                                               \
		record_lift(p, &freed, HERE);                                  \
		record_take(p, &freed, HERE);                                  \
	}                                                                      \
	q = (call);                                                            \
	if (q) {                                                               \
		if (!p)                                                        \
			leftovers_clear_first(q, (new_size));                  \
		else if (q != p)                                               \
			leftovers_clear_moved(q, (new_size), kept);            \
		record_alloc(q, (new_size), kept, HERE);                       \
		if (q != p && freed.known && !leftovers_remapped(q, kept))     \
			record_copied(q, freed.size < (new_size)               \
					     ? freed.size                      \
					     : (new_size));                    \
	} else if (p && (new_size)) {                                          \
		record_undo(p, &freed);                                        \
	}                                                                      \
	if (unlikely(freed.objects) && q)                                      \
		record_settle(&freed, p, q, (new_size));                       \
	if (p && unlikely(realloc_window_end()))                               \
		do_what_was_put_off();                                         \
	if (unlikely(freed.objects || freed.type))                             \
		record_moved(&freed, q, (new_size), HERE);                     \
	return q

CLEAN EXPORT void *realloc(void *p, size_t size)
{
	REALLOC(real.realloc(p, size), size);
}

CLEAN EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t product;

	if (__builtin_mul_overflow(n, size, &product)) {
		libc_errno = ENOMEM;
		return NULL;
	}
	REALLOC(real.realloc(p, product), product);
}

CLEAN EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	int error = real.posix_memalign(p, alignment, size);

	if (!error)
		recorded(*p, size, HERE);
	return error;
}

CLEAN EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return recorded(real.aligned_alloc(alignment, size), size, HERE);
}

void *memalign(size_t alignment, size_t size);
CLEAN EXPORT void *memalign(size_t alignment, size_t size)
{
	return recorded(real.memalign(alignment, size), size, HERE);
}

CLEAN EXPORT void *valloc(size_t size)
{
	return recorded(real.valloc(size), size, HERE);
}

void *pvalloc(size_t size);
CLEAN EXPORT void *pvalloc(size_t size)
{
	return recorded(real.pvalloc(size), size, HERE);
}

size_t malloc_usable_size(void *p);
CLEAN EXPORT size_t malloc_usable_size(void *p)
{
	size_t size = real.usable_size(p);

	if (p)
		record_whole(p);
	return size;
}

/*
 * glibc's other names for them. Where another allocator stands in between, it
 * may call these, and has been seen already.
 */
#define PRIVATE(name, parameters, size, arguments)                             \
	void *__libc_##name parameters;                                        \
	CLEAN EXPORT void *__libc_##name parameters                            \
	{                                                                      \
		void *q;                                                       \
                                                                               \
		real_resolve();                                                \
		q = real_private.name arguments;                               \
		return real_is_alone() ? recorded(q, size, HERE) : q;          \
	}
PRIVATE(malloc, (size_t size), size, (size))
PRIVATE(memalign, (size_t alignment, size_t size), size, (alignment, size))
PRIVATE(valloc, (size_t size), size, (size))
PRIVATE(pvalloc, (size_t size), size, (size))

void *__libc_calloc(size_t n, size_t size);
CLEAN EXPORT void *__libc_calloc(size_t n, size_t size)
{
	void *p;

	real_resolve();
	p = real_private.calloc(n, size);
	if (likely(p) && real_is_alone())
		record_alloc(p, n * size, LEFTOVERS_NONE, HERE);
	return p;
}

void *__libc_realloc(void *p, size_t size);
CLEAN EXPORT void *__libc_realloc(void *p, size_t size)
{
	real_resolve();
	if (!real_is_alone())
		return real_private.realloc(p, size);
	REALLOC(real_private.realloc(p, size), size);
}

/* For what finds the C library's in spite of them; see bypass.h. */
