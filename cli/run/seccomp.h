/* SPDX-License-Identifier: MIT */
/*
 * Filters of system calls that were installed before refknot was started. They
 * cannot be read: children try which calls they kill for.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

/* Which of the shim's system calls (common/calls.def, a bit each) they kill
 * for; 0, without a child, if there is none. Filters that answer with an error
 * do no harm. */
uint64_t seccomp_kills(void);

/* Whether there is "Seccomp: 2" in `status`, as in /proc/self/status. */
bool seccomp_stands(const char *status);

#endif
