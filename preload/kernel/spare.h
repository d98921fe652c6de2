/* SPDX-License-Identifier: MIT */
/*
 * Addresses that are kept for refknot's own memory to come: mapped, so that
 * they count (RLIMIT_AS), and without access, so that they are neither filled
 * nor locked.  There are none before spare_fit().
 */
#ifndef SPARE_H
#define SPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes zeroed memory from there, behind a page without access. It has no
 * access itself until sys_open_up(), which no limit prevents. NULL if there is
 * not so much. `size` is in whole pages. May run inside malloc. */
void *spare_take(size_t size);
/* Gives it back. False if it is from elsewhere. */
bool spare_give(void *p, size_t size);

/* Private zeros, not reserved, which count against no limit on data: spare
 * memory, or else the kernel's. NULL if there is none. May run inside malloc.
 */
void *spare_map(size_t size);
void spare_unmap(void *p, size_t size);

/* Whether so much is left; whether `address` belongs to what is or was kept
 * last. */
bool spare_is_left(uint64_t size);
bool spare_has(uint64_t address);

/* Keeps so much that all that refknot has mapped (sys_mapped) becomes `total`
 * bytes, as far as the kernel and what is in use allow. Other threads may take
 * from it meanwhile; of two threads that call this at once the second waits. */
void spare_fit(uint64_t total);
/* In a forked child: a thread that was in spare_fit() is gone. */
void spare_reset(void);

#endif
