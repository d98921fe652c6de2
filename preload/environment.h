/* SPDX-License-Identifier: MIT */
/*
 * What the program was started with, as the kernel laid it out: there before
 * libc is, and as it was then.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char *const *environment_variables(void);

/* Copy the arguments, before the program can change them: 4096 at most. */
void environment_keep(void);
/* The copy, which ends with NULL; nothing is in it where no memory was left. */
char *const *environment_arguments(void);

/* Does the program run with privileges that who started it does not have? */
bool environment_is_secure(void);

/* Take this library out of LD_PRELOAD for programs that are exec'd later. */
void environment_drop_preload(void);

/*
 * What filters of system calls forbid to whoever is executed, in 16 hexadecimal
 * digits: ENVIRONMENT_FILTERS, which `refknot run` puts there so that it need
 * only be overwritten.
 */
#define ENVIRONMENT_FILTERS      "REFKNOT_FILTERS"
#define ENVIRONMENT_FILTERS_SIZE (sizeof(ENVIRONMENT_FILTERS "=") + 16)
/* In `list`; 0 where it is not, or is no such number. */
uint64_t environment_filters(char *const *list);
/* Overwrite it in this process's; false: it is not there. */
bool environment_set_filters(uint64_t forbidden);
/* Elements of `list`, without the NULL behind them. */
size_t environment_count(char *const *list);
/* Copy `list` to `to`, of two elements more, with that for `forbidden` in
 * `variable`, unless it does not load this library: then `list` is the result. */
char *const *environment_with_filters(char *const *list, uint64_t forbidden,
				      char **to, char *variable);

#endif
