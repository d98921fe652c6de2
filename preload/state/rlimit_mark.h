/* SPDX-License-Identifier: MIT */
/*
 * Limits on address space that a program set itself while a store was mapped.
 * They have room added for the store and the shim, and a mark in the low bits:
 * by it an executed program's shim knows that, and how large a store has room.
 * While such a program is loaded its limit has another mark, and less room.
 */
#ifndef RLIMIT_MARK_H
#define RLIMIT_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

#define RLIMIT_MARK_RESOURCE 9 /* RLIMIT_AS */

#define RLIMIT_MARK                                                            \
	0x1e0ull /* of 1024: limits are in KiB. Plus n for a store of
		    STORE_MOST >> n bytes */
#define RLIMIT_MARK_LOADING 0x1c0ull /* the same, of the other mark */
#define RLIMIT_MARK_SIZES   16
#define RLIMIT_MARK_OTHER   (128ull << 20) /* that refknot maps besides */
#define RLIMIT_MARK_LEAST                                                      \
	(256ull << 20) /* with less, and no mark, there is no store */
#define RLIMIT_MARK_ENDLESS (1ull << 60) /* no limit for any program */

static inline uint64_t rlimit_mark_added(unsigned n)
{
	return (STORE_MOST >> n) + RLIMIT_MARK_OTHER + RLIMIT_MARK + n;
}

/* The limit for a program that asked for `limit`, if `mapped` bytes are the
 * store's. It is never less for a higher one, and has as many more pages in
 * each case. */
static inline uint64_t rlimit_mark_set(uint64_t limit, uint64_t mapped)
{
	unsigned n = 0;

	while (STORE_MOST >> n > mapped && n < RLIMIT_MARK_SIZES - 1)
		n++;
	return limit < RLIMIT_MARK_ENDLESS
		   ? (limit & ~1023ull) + rlimit_mark_added(n)
		   : limit;
}

/* The largest store that a limit has room for beside the program's own; 0 if
 * the limit is not marked. */
static inline uint64_t rlimit_mark_of(uint64_t limit)
{
	unsigned n = (unsigned)((limit - RLIMIT_MARK) % 1024);

	return n < RLIMIT_MARK_SIZES && limit >= rlimit_mark_added(n) &&
		       limit < RLIMIT_MARK_ENDLESS + STORE_MOST * 2
		   ? STORE_MOST >> n
		   : 0;
}

/* What was added, in whole pages; 0 if the limit is not marked. */
static inline uint64_t rlimit_mark_given(uint64_t limit)
{
	return rlimit_mark_of(limit) ? rlimit_mark_of(limit) + RLIMIT_MARK_OTHER
				     : 0;
}

/* Whether it is the limit of a program that is being loaded. Then *n is the
 * store's size, as above. */
static inline bool rlimit_mark_is_loading(uint64_t limit, unsigned *n)
{
	*n = (unsigned)((limit - RLIMIT_MARK_LOADING) % 1024);
	return *n < RLIMIT_MARK_SIZES && limit >= RLIMIT_MARK_LOADING &&
	       limit < RLIMIT_MARK_ENDLESS + STORE_MOST * 2;
}

/* What the program asked for, in KiB. The other mark does not say how many of
 * these pages are the shim's. */
static inline uint64_t rlimit_mark_told(uint64_t limit)
{
	unsigned n = (unsigned)((limit - RLIMIT_MARK) % 1024);

	return rlimit_mark_of(limit) ? limit - rlimit_mark_added(n) : limit;
}

/* The limit for a program that is loaded with a shim of `library` bytes, from a
 * marked one. */
static inline uint64_t rlimit_mark_loading(uint64_t limit, uint64_t library)
{
	unsigned n = (unsigned)((limit - RLIMIT_MARK) % 1024);

	return rlimit_mark_told(limit) + library + RLIMIT_MARK_LOADING + n;
}

/* The marked limit from that; any other limit stays as it is. */
static inline uint64_t rlimit_mark_loaded(uint64_t limit, uint64_t library)
{
	unsigned n;

	if (!rlimit_mark_is_loading(limit, &n) ||
	    limit < library + RLIMIT_MARK_LOADING + n)
		return limit;
	return limit - library - RLIMIT_MARK_LOADING - n + rlimit_mark_added(n);
}

#endif
