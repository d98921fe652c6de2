/* SPDX-License-Identifier: MIT */
/* Where blocks are allocated: functions of the program, wrappers, a library. */
#ifndef SITES_H
#define SITES_H

#include <stddef.h>
#include <stdint.h>

enum how {
	HOW_MALLOC,
	HOW_CALLOC,
	HOW_REALLOC, /* of NULL */
	HOW_REALLOCARRAY,
	HOW_MEMALIGN,
	HOW_ALIGNED,
	HOW_POSIX,
	HOW_STRDUP, /* from here on: its text is as long as the block */
	HOW_STRNDUP,
	HOW_PRINTED,
	HOWS
};

#define SITES         16 /* of them */
#define SITES_WRAPPED 8  /* this and the next three have one wrapper */
#define SITES_LIBRARY 12 /* these are in a library */

/*
 * A block of `size` bytes (at least 1 for text), its address hidden. `number`
 * is the block's: if `sites_paths`, its call stack tells it in four functions
 * step_0 .. step_f.
 */
uint64_t sites_allocate(unsigned site, enum how how, size_t size,
			uint32_t number);
/* realloc of the block, its address hidden before and after. */
uint64_t sites_resize(uint64_t hidden, size_t size, uint32_t number);
extern int sites_paths;

#endif
