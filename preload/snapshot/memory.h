/* SPDX-License-Identifier: MIT */
/* How a snapshot reads the program's memory where it may fault. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "maps.h"
#include "process.h"
#include "sys.h"

/* Has the kernel copy it, which refuses where a read would fault: then false. */
static inline bool memory_peek(void *to, uint64_t from, uint64_t size)
{
	return sys_peek(process.pid, to, from, size) == (long)size;
}

/* Whether it copies at all: a filter may forbid that. */
static inline bool memory_is_copied(void)
{
	uint64_t word;

	return memory_peek(&word, ADDRESS(&process), sizeof(word));
}

/* The mapping around `address`, of `count` in ascending order; NULL: none. */
static inline const struct map *memory_map(const struct map *maps,
					   uint32_t count, uint64_t address)
{
	const uint32_t i = maps_behind(maps, count, address);

	return i < count && maps[i].start <= address ? &maps[i] : NULL;
}

/* The end of the page of `at`, or `end` if that comes first. */
static inline uint64_t memory_page_end(uint64_t at, uint64_t end)
{
	const uint64_t next = (at & ~4095ull) + 4096;

	return next < end ? next : end;
}

#endif
