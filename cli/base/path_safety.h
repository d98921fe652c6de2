/* SPDX-License-Identifier: MIT */
/* What other users of the machine could do to this user's files. */
#ifndef PATH_SAFETY_H
#define PATH_SAFETY_H

#include <stdbool.h>

/*
 * Whether another user than root could rename or remove what refknot makes in
 * `directory`: the user owns it or a directory above it, or may write to one
 * that is not sticky. True also if that cannot be seen.
 */
bool path_safety_replaceable(const char *directory);

#endif
