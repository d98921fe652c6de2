/* SPDX-License-Identifier: MIT */
/*
 * The arguments and variables that the program was started with, as the kernel
 * laid them out. They are there before libc is, and stay as they were then.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char *const *environment_variables(void);

/* Argument 0 at the start; "" if there is none. Only before the program runs.
 */
const char *environment_started_as(void);

/* The path that the kernel was given to execute, a script's where the program is
 * its interpreter; "" if it is not known. Only before the program runs. */
const char *environment_executed(void);
/* The arguments themselves, only before the program runs. */
char *const *environment_first_arguments(void);

/* Copies the arguments, 4096 at most, before the program can change them. */
void environment_keep(void);
/* The copy, which ends with NULL; it is empty if no memory was left. */
char *const *environment_arguments(void);
/* The text behind "NAME=" in `list`; NULL if it is not there. */
const char *environment_value(char *const *list, const char *name);

/* Takes this library out of LD_PRELOAD for programs that are executed later. */
void environment_drop_preload(void);

/*
 * The calls that filters forbid to an executed program, in 16 hexadecimal
 * digits. `refknot run` sets ENVIRONMENT_FILTERS, so that the shim only
 * overwrites it.
 */
#define ENVIRONMENT_FILTERS "REFKNOT_FILTERS"
/* Its value in `list`; 0 if it is not there or not such a number. */
uint64_t environment_filters(char *const *list);
/* Overwrites it in this process's environment; false if it is not there. */
bool environment_set_filters(uint64_t forbidden);

/* Whether a program with that environment loads this library. With a list that
 * cannot be read the kernel starts no program. */
bool environment_loads_shim(char *const *list);
/* The library's path as `list` names it; false if it does not, or if `room` is
 * too small. */
bool environment_shim(char *const *list, char *path, size_t room);
/*
 * Copies of a `list` that loads this library: one with `forbidden` as the value
 * of ENVIRONMENT_FILTERS, one without this library in LD_PRELOAD. `room` has
 * environment_copy_size() bytes; texts that do not change are not copied.
 */
size_t environment_copy_size(char *const *list);
char *const *environment_with_filters(void *room, char *const *list,
				      uint64_t forbidden);
char *const *environment_without_shim(void *room, char *const *list);

#endif
