/* SPDX-License-Identifier: MIT */
/*
 * Signal stacks for threads with little stack: the kernel needs room for the
 * frame of a fatal signal's handler, 4 KiB and more, where the default action
 * needed none. A thread's own serves, if it has one; else it gets one of
 * refknot's. The program does not see that: sigaltstack() does not show it, and
 * once handlers of its own would run there no thread gets one any more.  If a
 * thread has very little stack then, fatal signals have their default actions.
 */
#ifndef SIGNAL_STACK_H
#define SIGNAL_STACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stacks that are smaller may have no room. */
#define SIGNAL_STACK_SMALL (256ull << 10)

/* The calling thread goes on with a stack of `size` bytes: gives it a signal
 * stack if that is little. Takes no lock; runs on stacks of any size. */
void signal_stack_give(uint64_t size);

/* The same for a thread that was made with a small stack. */
void signal_stack_look(void);

/* The program is about to have a handler that runs on signal stacks. This and
 * what follows may run in any thread and in a signal handler. */
void signal_stack_share(void);

/* The calling thread's signal stack is about to be the program's, or none, as
 * the program asks, which may be refused. */
void signal_stack_replace(const stack_t *by);
/* It is: if that is none, the thread gets one again if it has little stack. */
void signal_stack_replaced(void);

/* Edits what sigaltstack() returned: shows none if it is refknot's. */
void signal_stack_tell(stack_t *told);

#endif
