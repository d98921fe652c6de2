/* SPDX-License-Identifier: MIT */
/* Children that this process waits for; see waits.c. */
#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>

/* Is it wait4 or waitid? */
bool waits_are_by(long number);

/* Such a call, with its arguments, as syscall() makes it: what that answers. */
long waits_call(long number, const long *arguments);

#endif
