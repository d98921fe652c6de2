/* SPDX-License-Identifier: MIT */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

/*
 * Open for reading a file that was named by others, in a recording or a
 * program. Only regular files of real file systems: no pipe or terminal to
 * wait for, no device that acts when it is opened, nothing that the kernel
 * makes up (/proc/kmsg, /proc/kcore). The descriptor; or -errno, -EINVAL when
 * it is something else.
 */
int regular_file_open(const char *path);

#endif
