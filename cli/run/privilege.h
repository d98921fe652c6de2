/* SPDX-License-Identifier: MIT */
/* Whether executing a file gains privileges, as credentials(7) rules. */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <sys/stat.h>

enum privilege {
	PRIVILEGE_NONE,
	PRIVILEGE_SETUID,
	PRIVILEGE_SETGID,
	PRIVILEGE_CAPABILITIES,
};

/*
 * What makes the loader ignore LD_PRELOAD when this process executes the file
 * at `path`, whose status is `st`. The file's bits by themselves do not: root
 * gains nothing from a program that is setuid root.
 */
enum privilege privilege_gained(const char *path, const struct stat *st);

#endif
