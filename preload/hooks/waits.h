/* SPDX-License-Identifier: MIT */
/* Children that this process waits for; see waits.c. */
#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>

/* Whether that is wait4 or waitid. */
bool waits_are_by(long number);

/* Makes such a call with its arguments, as syscall() does. Returns what that
 * returns. */
long waits_call(long number, const long *arguments);

#endif
