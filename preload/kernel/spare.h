/* SPDX-License-Identifier: MIT */
/*
 * Addresses that are kept for refknot's own memory to come: mapped, so that they
 * count (RLIMIT_AS), and without access, so that they are neither filled nor
 * locked.  There are none before spare_fit().
 */
#ifndef SPARE_H
#define SPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory from there, behind a page without access, and without any itself
 * until sys_open_up(), which no limit keeps from it; NULL: there is not so much.
 * `size` is of whole pages. May run inside malloc. */
void *spare_take(size_t size);
/* It is not used any more. False: it is from elsewhere. */
bool spare_give(void *p, size_t size);

/* Private zeros, not reserved, which count against no limit on data: from there,
 * or else from the kernel; NULL. May run inside malloc. */
void *spare_map(size_t size);
void spare_unmap(void *p, size_t size);

/* Is there as much? Does that address belong to what is or was kept last? */
bool spare_is_left(uint64_t size);
bool spare_has(uint64_t address);

/* Keep as many as make all that refknot has mapped (sys_mapped) `total` bytes, as
 * far as the kernel and what is in use allow. Other threads may take meanwhile; of
 * two that do this at once the second waits. */
void spare_fit(uint64_t total);
/* In a forked child: whoever was at it is not there. */
void spare_reset(void);

#endif
