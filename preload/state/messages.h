/* SPDX-License-Identifier: MIT */
/*
 * Lines for people, on what was standard error when all began. A program may
 * close descriptor 2 and have a file of its own there, or a pipe that nobody
 * reads: that gets no line, and the recording alone has it. No line ever stops
 * the program or raises a signal in it.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdbool.h>

/* The process begins. `told`: "DEVICE:INODE" of standard error as `refknot run`
 * was started with it; NULL: this process's own counts. */
void messages_begin(const char *told);

/* One line: "refknot: PROGRAM[PID]: SENTENCE", which the program asked for, so its
 * own standard error will do, as that was when it was executed. */
void messages_say(const char *sentence);
/* The same, kept in the recording, too: an assertion of the program's failed, and
 * it ends now. */
void messages_say_failed(const char *sentence);

/* The same, with `relation` in place of "]: ", and where nobody asked for it. Aside
 * only. */
void messages_write(const char *relation, const char *sentence);

#endif
