/* SPDX-License-Identifier: MIT */
/*
 * What this process knows about the ends of others, noted for the readers of
 * their stores (notes.h): a process that SIGKILL ends, or that ends before
 * refknot is in it, cannot note that itself.  All of it may run in a signal
 * handler and in a vfork child, does not change errno, and takes little stack.
 */
#ifndef ENDS_H
#define ENDS_H

#include <stdbool.h>
#include <stdint.h>

/* A child has ended: `status` is as wait() returns it. A stop is not an end. */
void ends_waited(int pid, int status);

/* SIGKILL is about to be sent to `pid`, a process or a group as kill() has
 * them. Returns the time, for ends_not_sent() if it was not sent. */
uint64_t ends_sending(int pid);
void ends_not_sent(int pid, uint64_t time);

/* Notes that the recording of this process could not begin. */
void ends_note_failure(void);

#endif
