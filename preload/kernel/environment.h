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

/* Argument 0, as the program was started; "": it has none. Only before the
 * program runs. */
const char *environment_started_as(void);

/* Copy the arguments, before the program can change them: 4096 at most. */
void environment_keep(void);
/* The copy, which ends with NULL; nothing is in it where no memory was left. */
char *const *environment_arguments(void);
/* What stands behind "NAME=" in `list`; NULL: it is not there. */
const char *environment_value(char *const *list, const char *name);

/* Take this library out of LD_PRELOAD for programs that are exec'd later. */
void environment_drop_preload(void);

/*
 * What filters of system calls forbid to whoever is executed, in 16 hexadecimal
 * digits: ENVIRONMENT_FILTERS, which `refknot run` puts there so that it need
 * only be overwritten.
 */
#define ENVIRONMENT_FILTERS "REFKNOT_FILTERS"
/* In `list`; 0 where it is not, or is no such number. */
uint64_t environment_filters(char *const *list);
/* Overwrite it in this process's; false: it is not there. */
bool environment_set_filters(uint64_t forbidden);

/* Does a program that is given `list` load this library? Of a list that cannot
 * be read the kernel starts none. */
bool environment_loads_shim(char *const *list);
/* Where that is, as `list` names it; false: it does not, or there is no room. */
bool environment_shim(char *const *list, char *path, size_t room);
/*
 * Copies of a `list` that loads this library: with that for `forbidden`, and
 * with this library taken out of LD_PRELOAD. `room` is of
 * environment_copy_size() bytes; what does not change is not copied.
 */
size_t environment_copy_size(char *const *list);
char *const *environment_with_filters(void *room, char *const *list,
				      uint64_t forbidden);
char *const *environment_without_shim(void *room, char *const *list);

#endif
