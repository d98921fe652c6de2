/* SPDX-License-Identifier: MIT */
/*
 * What memory held that the program unmapped at its very end. An interpreter
 * throws its heap of objects away as a whole before it exits, and does not free
 * what the objects had from malloc: by then nothing points at it, though it was
 * in use until then. So pointers in anonymous memory are noted when it is
 * unmapped, and count where nothing was allocated afterwards, and little freed.
 *
 * No lock that anybody waits for, no malloc: all of it may run in a signal
 * handler. What cannot be noted looks leaked, as without it.
 */
#ifndef GONE_H
#define GONE_H

#include <stdbool.h>
#include <stdint.h>

struct picture;

/* A mapping came to be; `anonymous`: private memory to be written. */
void gone_mapped(uint64_t start, uint64_t size, bool anonymous);
/* It will be unmapped now. */
void gone_unmapping(uint64_t start, uint64_t size);

/* Add the roots that were there before the end, after all others. */
void gone_search(struct picture *p);

/* The recording is a new one: of what was unmapped before it knows nothing. */
void gone_reset(void);

#endif
