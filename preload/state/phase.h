/* SPDX-License-Identifier: MIT */
/*
 * What the recording of this process is at, and the thread that is about to
 * bring it to its end.  Both are one word, so that nobody sees one without the
 * other: a handler that ends the process may have interrupted the very thread
 * that does the same, and must not wait for it.
 *
 * All of it may run inside malloc and in a signal handler. A forked child has
 * its parent's phase; a vfork child shares it, and changes it nowhere.
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

/* Does a thread take the last snapshot now? */
static inline bool phase_is_busy(uint32_t word)
{
	return phase_of(word) == PHASE_ENDING ||
	       phase_of(word) == PHASE_CHECKING;
}

/* The word now. */
uint32_t phase_now(void);

/* Is it the calling thread that ends the process, or has ended it? */
bool phase_is_mine(uint32_t word);

/* From `from` to `to`, in the same hands; false: it is another phase. */
bool phase_move(enum phase from, enum phase to);
/* The same, in the hands of the calling thread from then on. */
bool phase_take(enum phase from, enum phase to);
/* The same from no other word than `seen`: false also if it has come back to that
 * phase in other hands. */
bool phase_take_from(uint32_t seen, enum phase to);

/* To `to`, in the same hands; whoever waits looks again. Only for the thread
 * that has moved it to what it is. */
void phase_finish(enum phase to);

/* Wait until the word is not `word` any more; or not so long. */
void phase_wait(uint32_t word);

#endif
