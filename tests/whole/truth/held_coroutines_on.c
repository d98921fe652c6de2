/* SPDX-License-Identifier: MIT */
/*
 * Coroutines that were left by swapcontext() and have gone on since in a way
 * that shows in no call: as what another one is linked to, by a copy of their
 * context, by a jump; and the stack of one that is data now. All is in use.
 * expect: nothing
 */
#include <setjmp.h>
#include <string.h>
#include <ucontext.h>

#include "truth.h"

#define STACK 65536

static ucontext_t caller, linked, other, copied, copy, jumped, reused;
static ucontext_t elsewhere;
static char linked_stack[STACK], other_stack[STACK];
static jmp_buf inside;
static void **table;

static NOINLINE void deep(unsigned n)
{
	void *volatile local = MUST(malloc(100 + n));
	volatile char room[256];

	room[0] = 1;
	if (n)
		deep(n - 1);
	else
		swapcontext(&elsewhere, &caller);
	free(local);
	(void)room[0];
}

static NOINLINE void enter(ucontext_t *c, void *stack, void (*f)(void),
			   ucontext_t *link, ucontext_t *from)
{
	if (getcontext(c))
		abort();
	c->uc_stack.ss_sp = stack;
	c->uc_stack.ss_size = STACK;
	c->uc_link = link;
	makecontext(c, f, 0);
	swapcontext(from, c);
}

static void nothing(void)
{
}

static void has_a_linked_one(void)
{
	enter(&other, other_stack, nothing, &linked, &linked);
	deep(10);
}

static void waits_first(void)
{
	swapcontext(&copied, &caller);
	deep(10);
}

static void is_jumped_to(void)
{
	if (!_setjmp(inside))
		swapcontext(&jumped, &caller);
	deep(10);
}

static void waits(void)
{
	swapcontext(&reused, &caller);
}

static NOINLINE void go_on_by_copy(void)
{
	memcpy(&copy, &copied, sizeof(copy));
	copy.uc_mcontext.fpregs = (void *)&copy.__fpregs_mem;
	swapcontext(&caller, &copy);
}

static NOINLINE void go_on_by_jump(void)
{
	static volatile int gone;

	if (!getcontext(&caller) && !gone++)
		_longjmp(inside, 1);
}

static NOINLINE void reuse(void)
{
	char *stack = MUST(malloc(STACK));

	enter(&reused, stack, waits, NULL, &caller);
	free(stack);
	table = MUST(calloc(1, STACK));
	for (unsigned i = 0; i < 100; i++)
		table[i * 64] = MUST(malloc(50));
}

int main(void)
{
	enter(&linked, linked_stack, has_a_linked_one, NULL, &caller);
	enter(&copied, MUST(malloc(STACK)), waits_first, NULL, &caller);
	go_on_by_copy();
	enter(&jumped, MUST(malloc(STACK)), is_jumped_to, NULL, &caller);
	go_on_by_jump();
	reuse();
	scrub();
	return 0;
}
