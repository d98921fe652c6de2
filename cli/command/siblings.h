/* SPDX-License-Identifier: MIT */
/* The other processes in a recording's file: whose numbers are printed, and how to
 * see the others. */
#ifndef SIBLINGS_H
#define SIBLINGS_H

#include "model.h"

/* "r.rkn has 3 more processes, WHAT: refknot COMMAND r.rkn"; `what` begins with its
 * comma, or is "". */
void siblings_print_more(const char *file, uint64_t more, const char *what,
			 const char *command);

/* Prints "TITLEserver[4711]; " and the same with `refknot list`, on stdout; nothing
 * where the file of `m` has no other process. */
void siblings_print(const char *title, const struct model *m);

#endif
