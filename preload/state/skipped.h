/* SPDX-License-Identifier: MIT */
/*
 * Programs that nobody is to judge, as the shells of a test suite: the shim
 * stays out of their way.  There is no store, and what they allocate goes
 * straight to the C library; what they execute is noted, as everywhere
 * (executions.c).  Such a program leaves a link beside those notes:
 * "PID-NANOSECONDS", by the monotonic clock, and STORE_SKIPPED behind it.  It
 * leads to "TIME NAME/PATH": when it began by the wall clock, in nanoseconds,
 * the name that it was started by, and its file.  Where no link can be made, or
 * it is not certain that nobody is to judge it, it is recorded.
 */
#ifndef SKIPPED_H
#define SKIPPED_H

#include <stdbool.h>

/* Is this one of them? The first call finds it out, and makes the link; before
 * there are threads, and aside, for it takes stack. May run inside malloc. */
bool skipped_find_out(void);

/* What it said; false: it was not asked yet. */
bool skipped(void);

#endif
