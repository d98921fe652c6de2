/* SPDX-License-Identifier: MIT */
/*
 * The room that threads have left on their stacks: the kernel writes a signal's
 * frame there, and whoever has no room for it dies of it.  What ends a stack is
 * its mapping, another thread's control block, another coroutine's stack, the
 * start of a signal stack, or the block that it is.  No malloc; one thread at a
 * time.
 */
#ifndef FOOTING_H
#define FOOTING_H

#include <stdbool.h>
#include <stdint.h>

/* Look afresh at what is mapped, when asked next. */
void footing_forget(void);

/* Bytes that the kernel takes of a stack for a signal at most, so far. */
uint64_t footing_frame(void);

/* Has thread `tid` room below its stack pointer `sp` for a signal and its
 * handler? True, too, where nothing is known about it. `signals`: the start of
 * the signal stack that it is on, or 0. */
bool footing_holds(uint32_t tid, uint64_t sp, uint64_t signals);

/* The same where the stack pointer is not known: is there room wherever it is on
 * the stacks that it has been seen on? False, too, where those are not known. */
bool footing_holds_anywhere(uint32_t tid);

/* Thread `tid` runs, so its stack pointer is not known: has its stack ever been
 * in use to its end? False, too, where its stack is not known, or where others
 * use the memory, so that this tells nothing. */
bool footing_is_worn(uint32_t tid);

/* Has thread `tid` ever allocated? Else nothing is known of its stack. */
bool footing_is_known(uint32_t tid);

/* Where the signal stack begins that `sp` is on, as a handler's stack pointer;
 * 0: it is on none, as far as known. */
uint64_t footing_signal_stack(uint64_t sp);

/* Is it in the middle of realloc (see realloc_window.h)? */
bool footing_moves(uint32_t tid);

#endif
