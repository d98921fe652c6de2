/* SPDX-License-Identifier: MIT */
/* What other users of the machine could do to our files. */
#ifndef OTHERS_H
#define OTHERS_H

#include <stdbool.h>

/*
 * Whether another user than root could rename or remove what we make in
 * `directory`: they own it or a directory above it, or may write to one that
 * is not sticky. True also when that cannot be seen.
 */
bool others_can_replace(const char *directory);

#endif
