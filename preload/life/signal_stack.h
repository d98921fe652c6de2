/* SPDX-License-Identifier: MIT */
/*
 * Signal stacks for threads that have little stack: the kernel needs room for
 * the frame of a fatal signal's handler, 4 KiB and more, where the default
 * action needed none.  A thread's own serves, if it has one; else it gets one
 * of refknot's.  The program does not see that: sigaltstack() tells of none, and
 * as soon as handlers of its own would run there no thread gets any more.  Where
 * one has next to no stack then, fatal signals have their default actions.
 */
#ifndef SIGNAL_STACK_H
#define SIGNAL_STACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stacks that are smaller may have no room. */
#define SIGNAL_STACK_SMALL (256ull << 10)

/* The calling thread goes on with so little stack: see that it has one. No
 * lock; on stacks of any size. */
void signal_stack_give(uint64_t size);

/* The same for a thread that was made with a small stack. */
void signal_stack_look(void);

/* The program is about to have a handler that runs on signal stacks. In any
 * thread, and in a signal handler; so are the others. */
void signal_stack_share(void);

/* The calling thread's is about to be the program's, or none: as the program
 * asks, which may be refused. */
void signal_stack_replace(const stack_t *by);
/* It is: where that is none, it gets one again if it has little stack. */
void signal_stack_replaced(void);

/* What sigaltstack() told: where it is refknot's, make it none. */
void signal_stack_tell(stack_t *told);

#endif
