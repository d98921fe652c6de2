/* SPDX-License-Identifier: MIT */
/* Coroutines that are suspended till the end, on stacks of both kinds. */
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "blocks.h"
#include "jobs.h"
#include "roots.h"
#include "scrub.h"

#define COROUTINES 4
#define STACK      24576

static struct coroutine {
	ucontext_t context;
	ucontext_t caller;
	uint64_t dead; /* hidden: what only a frame that has returned held */
	void *volatile *slots;
} coroutines[COROUTINES];
static unsigned count;

static NOINLINE void sink(uint64_t hidden)
{
	void *volatile frame[200];

	for (int i = 0; i < 200; i++)
		frame[i] = NULL;
	frame[100] = book_seek(hidden);
	__asm__ volatile("" : : "r"(frame) : "memory");
}

static void body(void)
{
	struct coroutine *c = &coroutines[count];
	void *volatile slots[2] = { NULL };

	sink(c->dead);
	c->slots = slots;
	swapcontext(&c->context, &c->caller);
}

static void suspend(struct coroutine *c, void *stack)
{
	if (getcontext(&c->context))
		abort();
	c->context.uc_stack.ss_sp = stack;
	c->context.uc_stack.ss_size = STACK;
	makecontext(&c->context, body, 0);
	swapcontext(&c->caller, &c->context);
}

/* It stays where it is and as it is, but for the two words. */
static void suspend_in_block(struct world *w, struct coroutine *c)
{
	uint32_t block =
	    blocks_make(w, roll(w, SITES), HOW_CALLOC, STACK, FILL_NOTHING);
	uint32_t root = roots_add(ROOT_CONTEXT, NULL);

	blocks_hold(BOOK_ROOT | root, block);
	book->blocks[block].fixed = 1;
	suspend(c, book_seek(book->blocks[block].hidden));
	for (unsigned i = 0; i < 2; i++)
		blocks_point(block,
			     (size_t)((uintptr_t)&c->slots[i] -
				      (uintptr_t)c->context.uc_stack.ss_sp),
			     blocks_make_some(w, blocks_some_size(w, 1)), 0);
}

static void suspend_in_map(struct world *w, struct coroutine *c)
{
	void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		abort();
	suspend(c, stack);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t root = roots_add(ROOT_COROUTINE, &c->slots[i]);

		blocks_point(BOOK_ROOT | root, 0,
			     blocks_make_some(w, blocks_some_size(w, 1)), 0);
	}
}

void job_coroutine(struct world *w)
{
	struct coroutine *c = &coroutines[count];
	uint32_t dead;

	if (count == COROUTINES || book->root_count + 2 > BOOK_ROOTS)
		return;
	dead = blocks_make_some(w, blocks_some_size(w, 1));
	c->dead = book->blocks[dead].hidden;
	if (chance(w, 50))
		suspend_in_block(w, c);
	else
		suspend_in_map(w, c);
	count++;
}
