/* SPDX-License-Identifier: MIT */
/*
 * A coroutine that is switched out holds the block on its stack, which is a
 * block itself.
 * expect: nothing
 */
#include <ucontext.h>

#include "truth.h"

#define STACK 131072

static ucontext_t coroutine, caller;

static NOINLINE void *make(void)
{
	return MUST(malloc(100));
}

static void run(void)
{
	void *volatile local = make();

	scrub();
	__asm__ volatile("" : : "r"(&local) : "memory");
	swapcontext(&coroutine, &caller);
}

static NOINLINE void begin(void)
{
	if (getcontext(&coroutine))
		abort();
	coroutine.uc_stack.ss_sp = MUST(malloc(STACK));
	coroutine.uc_stack.ss_size = STACK;
	makecontext(&coroutine, run, 0);
	swapcontext(&caller, &coroutine);
}

int main(void)
{
	begin();
	scrub();
	return 0;
}
