/* SPDX-License-Identifier: MIT */
/*
 * REFKNOT_VERIFY: walks every Nth call stack of a thread again with libunwind,
 * and counts differences.  For refknot's own tests and for users who doubt a
 * stack: libunwind takes locks and makes system calls.
 */
#ifndef VERIFY_H
#define VERIFY_H

/* Loads libunwind, if it was asked for. In the shim's constructor. */
void verify_init(void);

#endif
