/* SPDX-License-Identifier: MIT */
/*
 * What this process knows of the ends of others, noted for whoever reads their
 * stores (notes.h): a process that SIGKILL ends, or that ends before refknot is in
 * it, cannot tell itself.  All of it may run in a signal handler and in a vfork
 * child, leaves errno alone, and takes little stack.
 */
#ifndef ENDS_H
#define ENDS_H

#include <stdbool.h>
#include <stdint.h>

/* A child is no more: `status` is as wait() has it. Stops are no ends. */
void ends_waited(int pid, int status);

/* SIGKILL is about to be sent to `pid`, a process or a group as kill() has them:
 * when, which is for ends_not_sent() if it was not. */
uint64_t ends_sending(int pid);
void ends_not_sent(int pid, uint64_t time);

/* The recording of this process could not begin. */
void ends_note_failure(void);

#endif
