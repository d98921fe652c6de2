/* SPDX-License-Identifier: MIT */
/*
 * REFKNOT_VERIFY: every Nth call stack of a thread is walked afresh with
 * libunwind, and differences are counted.  For refknot's own tests and for who
 * doubts a stack: libunwind takes locks and makes system calls.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include "thread.h"

/* Load libunwind, if it was asked for. In the shim's constructor. */
void verify_init(void);

/* Is it asked for? Then every hook takes the slow way inside. */
extern HIDDEN bool verify_on;

/* The thread is inside, in the hook whose frame is `frame`. */
void verify_stack(struct thread *t, const void *frame);

#endif
