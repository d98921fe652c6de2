/* SPDX-License-Identifier: MIT */
/* Programs that this one executes; see executions.c. */
#ifndef EXECUTIONS_H
#define EXECUTIONS_H

#include <stdbool.h>

/* Whether that is execve or execveat. */
bool executions_are_by(long number);

/* Makes such a call with its arguments, as syscall() does. Returns what that
 * returns. */
long executions_call(long number, const long *arguments);

#endif
