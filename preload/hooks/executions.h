/* SPDX-License-Identifier: MIT */
/* Programs that this one executes; see executions.c. */
#ifndef EXECUTIONS_H
#define EXECUTIONS_H

#include <stdbool.h>

/* Is it execve or execveat? */
bool executions_are_by(long number);

/* Such a call, with its arguments, as syscall() makes it: what that answers. */
long executions_call(long number, const long *arguments);

#endif
