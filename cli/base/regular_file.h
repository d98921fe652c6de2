/* SPDX-License-Identifier: MIT */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

/*
 * Opens for reading a file that a recording or a program names. Only regular
 * files of real file systems: no pipe or terminal that would make it wait, no
 * device that acts when it is opened, nothing that the kernel makes up
 * (/proc/kmsg, /proc/kcore). Returns the descriptor or -errno, -EINVAL if it is
 * something else.
 */
int regular_file_open(const char *path);

#endif
