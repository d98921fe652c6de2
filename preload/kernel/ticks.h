/* SPDX-License-Identifier: MIT */
/*
 * The clock of what is asked often: CLOCK_MONOTONIC by the kernel's code in the
 * process (vDSO), without a system call.  May run inside malloc and in a signal
 * handler; changes no errno.
 */
#ifndef TICKS_H
#define TICKS_H

#include <stdint.h>

/* Nanoseconds, as of the kernel's last tick, 1 to 10 ms ago at most; 0: not
 * known. */
uint64_t ticks_coarse(void);
/* The same to the nanosecond, where no filter denies the system call that this is
 * where the machine's clock cannot be read otherwise. */
uint64_t ticks_exact(void);

#endif
