/* SPDX-License-Identifier: MIT */
/*
 * Limits on address space that a program set itself while a store was mapped:
 * with room for the store and the shim added, and a mark in the low bits, by
 * which those whom it executes know that and how large a store has room. While
 * one of those is loaded it is another mark, and less room.
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

#define ROOM_RESOURCE 9 /* RLIMIT_AS */

#define ROOM_MARK                                                              \
	0x1e0ull              /* of 1024: limits are in KiB. Plus n where the
				store has STORE_MOST >> n bytes */
#define ROOM_LOADING 0x1c0ull /* the same, of the other mark */
#define ROOM_SIZES   16
#define ROOM_OTHER   (128ull << 20) /* that refknot maps besides */
#define ROOM_LEAST                                                             \
	(256ull << 20) /* with less, and no mark, there is no store */
#define ROOM_ENDLESS (1ull << 60) /* no limit for any program */

static inline uint64_t room_added(unsigned n)
{
	return (STORE_MOST >> n) + ROOM_OTHER + ROOM_MARK + n;
}

/* The limit for a program that asked for `limit` where `mapped` bytes are the
 * store's. Never less for a higher one; as many pages more in each case. */
static inline uint64_t room_marked(uint64_t limit, uint64_t mapped)
{
	unsigned n = 0;

	while (STORE_MOST >> n > mapped && n < ROOM_SIZES - 1)
		n++;
	return limit < ROOM_ENDLESS ? (limit & ~1023ull) + room_added(n)
				    : limit;
}

/* The largest store that a limit has room for besides the program's; 0: the
 * limit is not marked. */
static inline uint64_t room_of(uint64_t limit)
{
	unsigned n = (unsigned)((limit - ROOM_MARK) % 1024);

	return n < ROOM_SIZES && limit >= room_added(n) &&
		       limit < ROOM_ENDLESS + STORE_MOST * 2
		   ? STORE_MOST >> n
		   : 0;
}

/* What was added, in whole pages; 0: the limit is not marked. */
static inline uint64_t room_given(uint64_t limit)
{
	return room_of(limit) ? room_of(limit) + ROOM_OTHER : 0;
}

/* Is it a limit for a program that is being loaded? Then *n is the size. */
static inline bool room_is_loading(uint64_t limit, unsigned *n)
{
	*n = (unsigned)((limit - ROOM_LOADING) % 1024);
	return *n < ROOM_SIZES && limit >= ROOM_LOADING &&
	       limit < ROOM_ENDLESS + STORE_MOST * 2;
}

/* What the program asked for, in KiB. The shim's pages cannot be known from the
 * other mark alone, and are some of them. */
static inline uint64_t room_told(uint64_t limit)
{
	unsigned n = (unsigned)((limit - ROOM_MARK) % 1024);

	return room_of(limit) ? limit - room_added(n) : limit;
}

/* The limit for a program that is loaded with a shim of `library` bytes, for one
 * that is marked. */
static inline uint64_t room_loading(uint64_t limit, uint64_t library)
{
	unsigned n = (unsigned)((limit - ROOM_MARK) % 1024);

	return room_told(limit) + library + ROOM_LOADING + n;
}

/* The other way round; any other limit stays as it is. */
static inline uint64_t room_loaded(uint64_t limit, uint64_t library)
{
	unsigned n;

	if (!room_is_loading(limit, &n) || limit < library + ROOM_LOADING + n)
		return limit;
	return limit - library - ROOM_LOADING - n + room_added(n);
}

#endif
