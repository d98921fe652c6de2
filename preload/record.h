/* SPDX-License-Identifier: MIT */
/*
 * One event, from hook to store.  `frame` is the hook's own frame address
 * (__builtin_frame_address(0)): its caller's rbp and the return address stand
 * there.  errno is left alone.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The real allocator has returned `p` (not NULL). */
void record_alloc(void *p, size_t size, const void *frame);

/* What record_free() took out, for record_undo(). */
struct record_freed {
	bool known;
	uint32_t stack;
	uint64_t size;
};

/* `p` (not NULL) is about to be given to the real allocator. */
void record_free(void *p, struct record_freed *freed);
/* It was not taken: realloc failed. */
void record_undo(void *p, const struct record_freed *freed);

#endif
