/* SPDX-License-Identifier: MIT */
/*
 * What memory held that the program unmapped at its very end.  An interpreter
 * drops its heap of objects as a whole before it exits, and does not free what
 * the objects had from malloc: then nothing points at that, though it was in
 * use until then.  So pointers in anonymous memory are noted when it is
 * unmapped, and count if nothing was allocated afterwards, and little freed.
 *
 * No malloc, and no lock that a thread waits for: all of it may run in a signal
 * handler. What cannot be noted looks leaked, as without this.
 */
#ifndef GONE_H
#define GONE_H

#include <stdbool.h>
#include <stdint.h>

struct picture;

/* A mapping was made; `anonymous`: private memory that can be written. */
void gone_mapped(uint64_t start, uint64_t size, bool anonymous);
/* Memory is about to be unmapped. */
void gone_unmapping(uint64_t start, uint64_t size);

/* Adds the roots that existed before the end, behind all others. */
void gone_search(struct picture *p);

/* The recording is a new one: forgets what was unmapped before it. */
void gone_reset(void);

#endif
