/* SPDX-License-Identifier: MIT */
/*
 * Coroutines that wait, on stacks from malloc and mmap: what calls that have
 * returned left below their frames holds nothing, what they have does.
 * expect: leak 4 objects 1284 bytes in lose
 * lsan: refknot is right: LeakSanitizer searches all of such stacks
 * valgrind: refknot is right: Valgrind searches all of such stacks
 */
#include <sys/mman.h>
#include <ucontext.h>

#include "truth.h"

#define COROUTINES 4
#define STACK      65536

static ucontext_t coroutines[COROUTINES], caller;

static NOINLINE void *make(void)
{
	return MUST(malloc(800));
}

static NOINLINE void lose(void)
{
	void *volatile dead[100];

	for (unsigned i = 0; i < 100; i++)
		dead[i] = NULL;
	dead[50] = MUST(malloc(321));
	__asm__ volatile("" : : "r"(dead) : "memory");
}

static void run(int i)
{
	void *volatile local = make();

	lose();
	__asm__ volatile("" : : "r"(&local) : "memory");
	swapcontext(&coroutines[i], &caller);
}

static void *stack_of(int i)
{
	if (i % 2)
		return MUST(calloc(1, STACK));
	return mmap(NULL, STACK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static NOINLINE void begin(int i)
{
	ucontext_t *c = &coroutines[i];

	if (getcontext(c))
		abort();
	c->uc_stack.ss_sp = stack_of(i);
	c->uc_stack.ss_size = STACK;
	makecontext(c, (void (*)(void))(void *)run, 1, i);
	swapcontext(&caller, c);
}

int main(void)
{
	for (int i = 0; i < COROUTINES; i++)
		begin(i);
	scrub();
	return 0;
}
