/* SPDX-License-Identifier: MIT */
/*
 * The clock of what is asked often.  May run inside malloc and in a signal handler;
 * changes no errno.
 */
#ifndef TICKS_H
#define TICKS_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC, as of the kernel's last tick, 1 to 10 ms ago at
 * most, by the kernel's code in the process (vDSO), without a system call; 0: not
 * known. */
uint64_t ticks_coarse(void);
/* The same to the nanosecond, by a system call, where no filter denies it. */
uint64_t ticks_exact(void);

#endif
