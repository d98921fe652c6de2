/* SPDX-License-Identifier: MIT */
/*
 * Notes for the readers of live stores: links in the directory STORE_EXECUTED
 * beside the stores, if it is there.  A link meets no limit on files, and is
 * there or not.  All of it may run in a signal handler and in a vfork child.
 */
#ifndef NOTES_H
#define NOTES_H

#include <stdbool.h>
#include <stdint.h>

#define NOTES_ROOM 384 /* notes with longer names are not made */

/* Whether anything reads them. */
bool notes_wanted(void);

/* Writes the name of their directory; false if it does not fit into NOTES_ROOM
 * bytes. */
bool notes_directory(char *name);

/* Writes "DIRECTORY/PID-NANOSECONDS" and `suffix`; false if that does not fit.
 */
bool notes_name(char *name, int pid, uint64_t time, const char *suffix);

#endif
