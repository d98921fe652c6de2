/* SPDX-License-Identifier: MIT */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

#include <stddef.h>

/*
 * Opens for reading a file that a recording or a program names. Only regular
 * files of real file systems: no pipe or terminal that would make it wait, no
 * device that acts when it is opened, nothing that the kernel makes up
 * (/proc/kmsg, /proc/kcore). Returns the descriptor or -errno, -EINVAL if it is
 * something else.
 */
int regular_file_open(const char *path);

/*
 * All of such a file, for the caller to free: *size bytes. NULL if it cannot be
 * opened; *size is 0 then; or if it has more than `most`, then *size is above
 * that. What another program cuts off meanwhile is not there.
 */
char *regular_file_read(const char *path, size_t most, size_t *size);

#endif
