/* SPDX-License-Identifier: MIT */
/*
 * Filters of system calls that stood before refknot itself was started, which
 * nobody can read: what they kill for is tried out, in children.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

/* Which of the shim's system calls (common/calls.def, a bit each) they kill for;
 * 0, without a child, where none stands. Those that answer with an error harm
 * nobody. */
uint64_t seccomp_kills(void);

/* The same in place of /proc/self/status: is there "Seccomp:	2" in it? */
bool seccomp_stands(const char *status);

#endif
