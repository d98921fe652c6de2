/* SPDX-License-Identifier: MIT */
/* Threads that end, and threads that wait till the process does. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "blocks.h"
#include "clean.h"
#include "jobs.h"
#include "roots.h"

typedef void *body(void *argument);

/* All threads begin here: what former users of the stack have left is gone
 * before any frame but this small one stands on it. */
struct start {
	body *function;
	void *argument;
};

static NOINLINE void *begin(void *data)
{
	const struct start *s = data;

	clean();
	return s->function(s->argument);
}

static pthread_t start(const struct start *s)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, begin, (void *)(uintptr_t)s))
		abort();
	return thread;
}

static void run(body *function, void *argument)
{
	const struct start s = { function, argument };

	pthread_join(start(&s), NULL);
}

static _Thread_local void *volatile variables[4];

/* It has roots of its own, and leaves them as they are. */
static NOINLINE void *work(void *argument)
{
	struct world *w = argument;
	void *volatile stack[4] = { NULL };
	uint32_t first = book->root_count;

	for (int i = 0; i < 4; i++)
		roots_add(ROOT_THREAD_STACK, &stack[i]);
	for (int i = 0; i < 4; i++)
		roots_add(ROOT_THREAD_TLS, &variables[i]);
	for (uint32_t n = between(w, 1, 6); n; n--)
		jobs_do_some(w, true);
	w->by = SITUATION_worker;
	for (uint32_t n = between(w, 1, 6); n; n--)
		blocks_place(w, blocks_make_some(w, blocks_some_size(w, 1)));
	roots_end(w, first, book->root_count);
	__asm__ volatile("" : : "r"(stack) : "memory");
	if (chance(w, 30) && !w->plain_ends)
		pthread_exit(NULL);
	return NULL;
}

void job_worker(struct world *w)
{
	if (book->root_count + 8 <= BOOK_ROOTS)
		run(work, w);
}

/* The argument itself is on the stack of a thread that does no more. */
static NOINLINE void *hold(void *argument)
{
	void *volatile stack[32] = { NULL };

	stack[7] = argument;
	__asm__ volatile("" : : "r"(stack) : "memory");
	sched_yield();
	return NULL;
}

static NOINLINE void carry(uint64_t hidden)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, hold, book_seek(hidden)))
		abort();
	pthread_join(thread, NULL);
}

void job_carry(struct world *w)
{
	for (uint32_t n = between(w, 1, 4); n; n--)
		carry(book->blocks[blocks_make_some(w, blocks_some_size(w, 1))]
			  .hidden);
}

/* Its addresses are hidden: in a forked child they lead to other things. */
struct parked {
	uint64_t hidden; /* what its register holds; 0: nothing */
	uint64_t stack;
	uint64_t variables;
	volatile int ready;
};

/*
 * Wait in pause(2) for ever with a register that calls preserve as the only
 * holder of a block.
 */
static NOINLINE void wait_with_register(uint64_t hidden, volatile int *ready)
{
	uint64_t key = hidden ? BOOK_KEY : 0;

	__asm__ volatile(SCRUB_VECTORS "xor %%rax, %%rcx\n\t"
				       "mov %%rcx, %%r12\n\t"
				       "xor %%eax, %%eax\n\t"
				       "xor %%ecx, %%ecx\n\t"
				       "xor %%esi, %%esi\n\t"
				       "xor %%edi, %%edi\n\t"
				       "xor %%r8d, %%r8d\n\t"
				       "xor %%r9d, %%r9d\n\t"
				       "xor %%r10d, %%r10d\n\t"
				       "xor %%r11d, %%r11d\n\t"
				       "movl $1, (%%rdx)\n\t"
				       "1:\n\t"
				       "movl $34, %%eax\n\t"
				       "syscall\n\t"
				       "jmp 1b"
			 : "+a"(hidden), "+c"(key)
			 : "d"(ready)
			 : "r12", "rsi", "rdi", "r8", "r9", "r10", "r11",
			   SCRUB_VECTORS_CLOBBERS, "memory");
}

static NOINLINE void *park(void *argument)
{
	struct parked *p = argument;
	void *volatile stack[3] = { NULL };

	p->stack = book_hide(stack);
	p->variables = book_hide(variables);
	clean();
	wait_with_register(p->hidden, &p->ready);
	return (void *)stack[0];
}

#define PARKED 8
void job_park(struct world *w)
{
	static struct parked parked[PARKED];
	static struct start starts[PARKED];
	static unsigned count;
	struct parked *p = &parked[count];
	uint32_t block = BOOK_NONE, root;

	if (count == PARKED || book->root_count + 8 > BOOK_ROOTS)
		return;
	if (chance(w, 50))
		block = blocks_make_some(w, blocks_some_size(w, 1));
	p->hidden = block == BOOK_NONE ? 0 : book->blocks[block].hidden;
	starts[count] = (struct start){ park, p };
	start(&starts[count++]);
	while (!p->ready)
		sched_yield();
	root = roots_add(ROOT_REGISTER, NULL);
	if (block != BOOK_NONE)
		blocks_hold(BOOK_ROOT | root, block);
	for (int i = 0; i < 3; i++)
		roots_add(ROOT_THREAD_STACK,
			  (void *volatile *)book_seek(p->stack) + i);
	for (int i = 0; i < 2; i++)
		roots_add(ROOT_THREAD_TLS,
			  (void *volatile *)book_seek(p->variables) + i);
	for (uint32_t n = between(w, 1, 4); n; n--)
		blocks_place(w, blocks_make_some(w, blocks_some_size(w, 1)));
}

#define CROWD 4
#define OWN   64

/* One of a crowd: its blocks are its own, and in the end in a table. */
struct member {
	struct world w;
	uint32_t table;
	uint32_t own[OWN];
	struct start start;
	pthread_t thread;
};

static NOINLINE void *jostle(void *argument)
{
	struct member *m = argument;
	struct world *w = &m->w;

	for (unsigned i = 0; i < OWN; i++)
		m->own[i] = BOOK_NONE;
	for (uint32_t n = between(w, 50, 300); n; n--) {
		uint32_t i = roll(w, OWN), *own = &m->own[i];

		if (*own == BOOK_NONE)
			*own = blocks_make_some(w, blocks_some_size(w, 24));
		else if (chance(w, 15))
			*own = BOOK_NONE; /* lost */
		else {
			blocks_free(w, *own);
			*own = BOOK_NONE;
		}
	}
	for (unsigned i = 0; i < OWN; i++)
		if (m->own[i] != BOOK_NONE && chance(w, 80))
			blocks_point(m->table, i * 8, m->own[i], 0);
	return NULL;
}

void job_crowd(struct world *w)
{
	static struct member crowd[CROWD];
	unsigned count = between(w, 2, CROWD);

	for (unsigned i = 0; i < count; i++) {
		struct member *m = &crowd[i];

		m->w = *w;
		m->w.dice = (uint64_t)roll(w, UINT32_MAX) << 20 | i;
		m->table = blocks_make(w, roll(w, SITES), HOW_CALLOC, OWN * 8,
				       FILL_NOTHING);
		m->start = (struct start){ jostle, m };
	}
	for (unsigned i = 0; i < count; i++)
		crowd[i].thread = start(&crowd[i].start);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(crowd[i].thread, NULL);
		crowd[i].thread = 0; /* it is an address */
	}
	for (unsigned i = 0; i < count; i++)
		blocks_place(w, crowd[i].table);
}
