/* SPDX-License-Identifier: MIT */
/*
 * Programs that the gate does not judge, such as the shells of a test suite:
 * the shim does not touch them.  There is no store, and what they allocate goes
 * straight to the C library; what they execute is noted, as everywhere
 * (executions.c).  Such a program leaves a link beside those notes:
 * "PID-NANOSECONDS", by the monotonic clock, and STORE_SKIPPED behind it.  It
 * leads to "TIME NAME/PATH": when the program began by the wall clock, in
 * nanoseconds, the name that it was started by, and its file.  If it can make
 * no link, or is not sure that it is not judged, it is recorded.
 */
#ifndef SKIPPED_H
#define SKIPPED_H

#include <stdbool.h>

/* Whether this is one of them. The first call finds that out and makes the
 * link: before there are threads, and aside, for it takes stack. May run inside
 * malloc. */
bool skipped_find_out(void);

/* What skipped_find_out() returned; false before that. */
bool skipped(void);

#endif
