/* SPDX-License-Identifier: MIT */
/*
 * Lines for people, on the file that was standard error at the start. A program
 * may close descriptor 2 and have a file of its own there, or a pipe without a
 * reader: that gets no line, and only the recording has it. No line ever stops
 * the program or raises a signal in it.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdbool.h>

/* Called as the process begins. `told` is "DEVICE:INODE" of the standard error
 * of `refknot run`; NULL: this process's own counts. */
void messages_begin(const char *told);

/* Prints "refknot: PROGRAM[PID]: SENTENCE", which the program asked for: so its
 * own standard error will do, as that was when it was executed. */
void messages_say(const char *sentence);
/* The same, also kept in the recording: an assertion of the program's failed,
 * and it ends now. */
void messages_say_failed(const char *sentence);

/* The same with `relation` in place of "]: ", for what the program did not ask
 * for. Aside only. */
void messages_write(const char *relation, const char *sentence);

#endif
