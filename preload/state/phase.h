/* SPDX-License-Identifier: MIT */
/*
 * The phase of this process's recording, and the thread that is about to bring
 * it to its end.  Both are one word, so that neither is seen without the other:
 * a handler that ends the process may have interrupted the very thread that
 * does the same, and must not wait for it.
 *
 * All of it may run inside malloc and in a signal handler. A forked child has
 * its parent's phase; a vfork child shares it and never changes it.
 */
#ifndef PHASE_H
#define PHASE_H

#include <stdbool.h>
#include <stdint.h>

enum phase {
	PHASE_NEW,
	PHASE_STARTING,
	PHASE_RUNNING,
	PHASE_ENDING,   /* a thread takes the last snapshot */
	PHASE_CHECKING, /* one takes it because the program asked for it .. */
	PHASE_CHECKED,  /* .. and it has been taken */
	PHASE_ENDED,
	PHASE_OFF,
};

/* `word`: the phase and its thread, as the functions below know them. */
static inline enum phase phase_of(uint32_t word)
{
	return word & 7;
}

/* Whether a thread takes the last snapshot now. */
static inline bool phase_is_busy(uint32_t word)
{
	return phase_of(word) == PHASE_ENDING ||
	       phase_of(word) == PHASE_CHECKING;
}

/* The word now. */
uint32_t phase_now(void);

/* Whether it is the calling thread that ends the process, or has ended it. */
bool phase_is_mine(uint32_t word);

/* Moves the phase from `from` to `to`, without a change of the thread; false if
 * it is another phase. */
bool phase_move(enum phase from, enum phase to);
/* The same, and the calling thread is the thread from then on. */
bool phase_take(enum phase from, enum phase to);
/* The same only from the word `seen`: false also if the phase has come back to
 * that with another thread. */
bool phase_take_from(uint32_t seen, enum phase to);

/* Moves the phase to `to` without a change of the thread, and wakes threads
 * that wait. Only for the thread that moved it to the present phase. */
void phase_finish(enum phase to);

/* Waits until the word is not `word` any more, or less long. */
void phase_wait(uint32_t word);

#endif
