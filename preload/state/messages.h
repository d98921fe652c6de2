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
#include <stddef.h>

/* The process begins. `told`: "DEVICE:INODE" of standard error as `refknot run`
 * was started with it; NULL: this process's own counts. */
void messages_begin(const char *told);

/* Write a whole line. `asked`: the program itself asked for it, so its own
 * standard error will do, as that was when it was executed. */
void messages_write(const char *line, size_t size, bool asked);

#endif
