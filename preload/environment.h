/* SPDX-License-Identifier: MIT */
/*
 * What the program was started with, as the kernel laid it out: there before
 * libc is, and as it was then.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdbool.h>

char *const *environment_arguments(void);
char *const *environment_variables(void);

/* Does the program run with privileges that who started it does not have? */
bool environment_is_secure(void);

/* Take this library out of LD_PRELOAD for programs that are exec'd later. */
void environment_drop_preload(void);

#endif
