/* SPDX-License-Identifier: MIT */
/*
 * Blocks on their way: while realloc runs nobody can tell where its block is,
 * so a thread does not stop there, nor die of a signal that can wait. A handler
 * of the program's may interrupt realloc and wait, or leave it for good, by
 * longjmp: then nothing is to be waited for.
 */
#ifndef MOVES_H
#define MOVES_H

#include <stdbool.h>

enum moves_want {
	MOVES_STOP = 1,   /* to stand still, see stop.h */
	MOVES_SIGNAL = 2, /* to die of a signal, see fatal.h */
};

enum moves {
	MOVES_NOTHING,
	MOVES_NOW,   /* it will be through in a moment */
	MOVES_LATER, /* perhaps: a handler interrupted it */
};

/* The calling thread begins to move a block, in the hook with that frame. */
void moves_begin(const void *frame);
/* It ends, and does what it was asked for in between. */
void moves_end(void);

/* What did the code move that a signal interrupted with that ucontext_t? */
enum moves moves_in(const void *context);
/* The same for code that is not in realloc, but in a handler or past it. */
bool moves_unfinished(void);
/* It is to do that at the end of its move. */
void moves_ask(enum moves_want what);

#endif
