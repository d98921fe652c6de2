/* SPDX-License-Identifier: MIT */
/*
 * The room that threads have left on their stacks: the kernel writes a signal's
 * frame there, and kills the process if there is no room for it.  A stack ends
 * at its mapping's end, at another thread's control block, another coroutine's
 * stack or the start of a signal stack, or it is a block.  No malloc; one
 * thread at a time.
 */
#ifndef FOOTING_H
#define FOOTING_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the next question look afresh at what is mapped. */
void footing_forget(void);

/* The most bytes of a stack that the kernel has taken for a signal so far. */
uint64_t footing_frame(void);

/* Whether thread `tid` has room below its stack pointer `sp` for a signal and
 * its handler; true also if nothing is known about it. `signals`: the start of
 * the signal stack that it is on, or 0. */
bool footing_holds(uint32_t tid, uint64_t sp, uint64_t signals);

/* The same if the stack pointer is not known: whether there is room wherever it
 * is on the stacks that the thread has been seen on; false also if those are
 * not known. */
bool footing_holds_anywhere(uint32_t tid);

/* Thread `tid` runs, so its stack pointer is not known: whether its stack was
 * ever in use to its end. False also if its stack is not known, or if others
 * use the memory, so that this says nothing. */
bool footing_is_worn(uint32_t tid);

/* Whether thread `tid` ever allocated; else nothing is known of its stack. */
bool footing_is_known(uint32_t tid);

/* The start of the signal stack that `sp`, a handler's stack pointer, is on; 0
 * if it is on none, as far as known. */
uint64_t footing_signal_stack(uint64_t sp);

/* Whether thread `tid` is in the middle of realloc (see realloc_window.h). */
bool footing_moves(uint32_t tid);

#endif
