/* SPDX-License-Identifier: MIT */
/*
 * Work on a stack of refknot's own.  The program's may have little left: a
 * coroutine's, a signal handler's, or that of a thread with the least that there
 * may be.  So whatever takes more than a few hundred bytes is done aside, and no
 * path takes more than 1 KiB of the program's; tests/preload/guard measures them all.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <stdint.h>

/*
 * Call f(argument) on such a stack.  Signals are held meanwhile, for a handler
 * would run there, so f calls nothing of the program's, and does not wait for
 * another thread.  Where this thread is aside already, or no stack is left, f is
 * called here.  Nobody waits for a stack.  May run inside malloc, in a signal
 * handler and in a vfork child, and leaves errno alone.
 */
void aside(void (*f)(void *), void *argument);

/* Where the frames of a thread's own stack begin, whose stack pointer is `sp`: it
 * may be aside. Its registers are above that, too, as they were. */
uint64_t aside_left(uint64_t sp);

#endif
