/* SPDX-License-Identifier: MIT */
/*
 * A coroutine that is switched out holds a block in the last page of its stack,
 * a mapping that a large block of malloc's follows at once.
 * expect: nothing
 */
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "truth.h"

#define STACK 24576

static ucontext_t coroutine, caller;
static USED char *large;

static NOINLINE void *make(void)
{
	return MUST(malloc(100));
}

static void run(void)
{
	void *volatile local = make();

	__asm__ volatile("" : : "r"(&local) : "memory");
	swapcontext(&coroutine, &caller);
}

/* Below the block's own mapping; elsewhere if there is no room. */
static NOINLINE void begin(void)
{
	uintptr_t end;

	large = MUST(malloc(1 << 20));
	end = (uintptr_t)large & ~4095ul;
	if (getcontext(&coroutine))
		abort();
	coroutine.uc_stack.ss_sp =
	    mmap((void *)(end - STACK), STACK, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (coroutine.uc_stack.ss_sp == MAP_FAILED)
		abort();
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
