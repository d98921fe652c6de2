/* SPDX-License-Identifier: MIT */
#include "phase.h"

#include "sys.h"

#define THREAD_SHIFT 3
#define THREAD_MASK  (UINT32_MAX >> THREAD_SHIFT) /* numbers have 22 bits */

/*
 * Atomic, as any thread moves it on, and all read it, in handlers too. What a
 * phase promises (a store, a snapshot) is there before it is seen. The thread
 * that asks what is lost (ending.c) and the one that ends the process each
 * write a word and then read the other's: so all is in one order.
 */
static uint32_t word;

static uint32_t self(void)
{
	return (uint32_t)sys_tid() & THREAD_MASK;
}

uint32_t phase_now(void)
{
	return LOAD_ORDERED(word);
}

bool phase_is_mine(uint32_t seen)
{
	return seen >> THREAD_SHIFT == self();
}

static bool move(uint32_t *now, uint32_t to)
{
	return CHANGE(word, *now, to);
}

bool phase_move(enum phase from, enum phase to)
{
	uint32_t now = phase_now();

	while (phase_of(now) == from)
		if (move(&now, to | (now >> THREAD_SHIFT) << THREAD_SHIFT))
			return true;
	return false;
}

bool phase_take(enum phase from, enum phase to)
{
	uint32_t now = phase_now();

	while (phase_of(now) == from)
		if (move(&now, to | self() << THREAD_SHIFT))
			return true;
	return false;
}

bool phase_take_from(uint32_t seen, enum phase to)
{
	return move(&seen, to | self() << THREAD_SHIFT);
}

void phase_finish(enum phase to)
{
	uint32_t thread = phase_now() >> THREAD_SHIFT;

	STORE_ORDERED(word, to | thread << THREAD_SHIFT);
	sys_wake(&word);
}

void phase_wait(uint32_t seen)
{
	sys_wait(&word, seen, 10000000);
}
