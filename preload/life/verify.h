/* SPDX-License-Identifier: MIT */
/*
 * REFKNOT_VERIFY: every Nth call stack of a thread is walked afresh with
 * libunwind, and differences are counted.  For refknot's own tests and for who
 * doubts a stack: libunwind takes locks and makes system calls.
 */
#ifndef VERIFY_H
#define VERIFY_H

/* Load libunwind, if it was asked for. In the shim's constructor. */
void verify_init(void);

#endif
