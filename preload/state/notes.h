/* SPDX-License-Identifier: MIT */
/*
 * Notes for whoever reads the live stores: links in the directory STORE_EXECUTED
 * beside them, if it is there.  A link meets no limit on files, and is there or not.
 * All of it may run in a signal handler and in a vfork child.
 */
#ifndef NOTES_H
#define NOTES_H

#include <stdbool.h>
#include <stdint.h>

#define NOTES_ROOM 384 /* notes with longer names are not made */

/* Does anybody read them? */
bool notes_wanted(void);

/* Their directory; false: its name has no room in NOTES_ROOM bytes. */
bool notes_directory(char *name);

/* "DIRECTORY/PID-NANOSECONDS", and `suffix`; false: it has no room. */
bool notes_name(char *name, int pid, uint64_t time, const char *suffix);

#endif
