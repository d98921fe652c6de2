/* SPDX-License-Identifier: MIT */
/*
 * The process ends on a coroutine whose stack is an array in a frame of main's:
 * what has called it waits below that, and so does a second one. What a call
 * left there that has returned holds nothing.
 * expect: leak 1 object 300 bytes in lose
 * lsan: refknot is right: LeakSanitizer searches from the stack pointer on
 */
#include <ucontext.h>

#include "truth.h"

#define STACK 65536

static ucontext_t last, other, caller;

static NOINLINE void *make(void)
{
	return MUST(malloc(10));
}

static NOINLINE void lose(void)
{
	void *volatile dead = MUST(malloc(300));

	__asm__ volatile("" : : "r"(&dead) : "memory");
}

static void stay(void)
{
	void *volatile local = make();

	swapcontext(&other, &caller);
	__asm__ volatile("" : : "r"(&local) : "memory");
}

static void end(void)
{
	exit(0);
}

static NOINLINE void begin(ucontext_t *c, char *stack, void (*run)(void))
{
	void *volatile local = make();

	if (getcontext(c))
		abort();
	c->uc_stack.ss_sp = stack;
	c->uc_stack.ss_size = STACK;
	c->uc_link = &caller;
	makecontext(c, run, 0);
	swapcontext(&caller, c);
	__asm__ volatile("" : : "r"(&local) : "memory");
	free(local);
}

int main(void)
{
	char stacks[2][STACK];

	lose();
	scrub();
	begin(&other, stacks[0], stay);
	begin(&last, stacks[1], end);
	return 1;
}
