/* SPDX-License-Identifier: MIT */
/*
 * Blocks that move: while realloc runs it is not known where its block is, so a
 * thread does not stop there, nor die of a signal that can wait. A handler of
 * the program's may interrupt realloc and wait, or leave it for good, by
 * longjmp: then nothing waits for the move.
 */
#ifndef REALLOC_WINDOW_H
#define REALLOC_WINDOW_H

#include <stdbool.h>

#include "thread.h"

enum realloc_window_want {
	REALLOC_WINDOW_STOP = 1,   /* to stand still, see stop.h */
	REALLOC_WINDOW_SIGNAL = 2, /* to die of a signal, see fatal.h */
	REALLOC_WINDOW_LOOK = 4,   /* thread_look() */
};

enum realloc_window {
	REALLOC_WINDOW_NOTHING,
	REALLOC_WINDOW_NOW,   /* it will be through in a moment */
	REALLOC_WINDOW_LATER, /* perhaps: a handler interrupted it */
};

/* Notes that a handler left the move that it interrupted: the block in it is
 * lost. */
void realloc_window_note_left(struct thread *t);

/* The calling thread `t` begins to move a block, in the hook with that frame;
 * or continues it. */
static inline void realloc_window_begin(struct thread *t, const void *frame)
{
	const uint64_t *words = frame;
	uint64_t sp = ADDRESS(words + 2);

	if (unlikely(t->moving.sp && t->moving.sp != sp))
		realloc_window_note_left(t);
	t->moving.pc = words[1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->moving.sp = sp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
/* The calling thread's move ends. True: then call realloc_window_end_slowly().
 */
static inline bool realloc_window_end(void)
{
	struct thread_gate *gate = thread_self;
	struct thread *t = thread_behind(gate);

	if (unlikely(gate->epoch != READ_ONCE(process_page.epoch)))
		return true;
	t->moving.sp = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return t->wanted;
}
/* Ends its move, if it has not ended. Returns what the thread was asked for in
 * between, each thing once, for the caller to do (enum realloc_window_want). */
unsigned realloc_window_end_slowly(void);

/* Whether the code that a signal interrupted, with that ucontext_t, moves a
 * block. */
enum realloc_window realloc_window_in(const void *context);
/* Whether the calling thread has not finished a move, for code that is not in
 * realloc but in a handler or past it. */
bool realloc_window_unfinished(void);
/* Asks the calling thread to do that at the end of its move. */
void realloc_window_ask(enum realloc_window_want what);

#endif
