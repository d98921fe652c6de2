/* SPDX-License-Identifier: MIT */
/*
 * Files that are cut short while they are read: libelf maps binaries and debug
 * files, and a linker that writes one anew in place takes away what is mapped.
 */
#ifndef SHRINKING_H
#define SHRINKING_H

#include <stdbool.h>

/* From now on that ends refknot with one sentence. A SIGBUS that is ignored
 * stays so: a program inherits it. */
void shrinking_watch(void);

/*
 * Calls `f` with `data`. False if a file was cut short, and `f` did not come to
 * its end; what it had allocated is lost, and what it used of the file's
 * symbols must not be used any more. Not to be nested.
 */
bool shrinking_survive(void (*f)(void *data), void *data);

#endif
