/* SPDX-License-Identifier: MIT */
/*
 * Work on a stack of refknot's own.  The program's stack may have little left:
 * a coroutine's, a signal handler's, or that of a thread with the smallest
 * stack possible.  So what takes more than a few hundred bytes is done aside,
 * and no path takes more than 1 KiB of the program's stack; tests/preload/guard
 * measures all paths.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <stdint.h>

/*
 * Calls f(argument) on such a stack.  Signals are held meanwhile, for a handler
 * would run there; so f calls nothing of the program's and does not wait for
 * another thread.  If this thread is aside already, or no stack is left, f runs
 * on the present one: no thread waits for a stack.  May run inside malloc, in a
 * signal handler and in a vfork child; does not change errno.
 */
void aside(void (*f)(void *), void *argument);

/* The lowest frame on the thread's own stack, for a thread whose stack pointer
 * is `sp`: it may be aside. Its saved registers are above that, too. */
uint64_t aside_left(uint64_t sp);

#endif
