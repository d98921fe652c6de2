/* SPDX-License-Identifier: MIT */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include <stdint.h>

/* The program called SYS_mmap, SYS_munmap or SYS_mremap by syscall(), with six
 * arguments; other numbers say nothing. `since`: mapped_moment() before the call;
 * `frame`: the hook's. */
void mappings_called(long number, const long *a, long result, uint64_t since,
		     const void *frame);

#endif
