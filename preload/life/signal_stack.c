/* SPDX-License-Identifier: MIT */
#include "signal_stack.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "compiler.h"
#include "fatal.h"
#include "footing.h"
#include "process.h"
#include "spare.h"
#include "sys.h"

/*
 * Mappings that are searched, as a program's own signal stacks are: registers
 * are there at the end. They are as large as what they stand in for, since a
 * handler that another thread has set may run there. Their last page is not
 * used, so that the frame there is not taken for one just below the interrupted
 * code; see stopped.c.
 */
#define STACKS  1024u
#define SIZE    SIGNAL_STACK_SMALL
#define UNUSED  4096ull
#define ROOMY   (16ull << 10) /* for frames of any machine */
#define HANDLER 1024ull       /* what any path of ours may take */
#define TIGHT   (32ull << 10) /* a frame may find no room on such a stack */

#define PROBES 8u /* stacks that are looked at for an owner that has ended */

struct stack {
	bool busy;        /* atomic: it changes its owner */
	char *start;      /* NULL: not made yet, or there was no memory */
	uint64_t pointer; /* its owner's thread pointer */
};
static APART struct stack stacks[STACKS];
static uint32_t count, probe;

/* Its place there, and one more; 0: it has none. TLS that has been made anew,
 * for another thread, has none. */
static _Thread_local uint32_t mine;

/* The least stack that it went on with: it was looked at, and has what it is to
 * have. 0: never. */
static _Thread_local uint64_t looked;

/* Atomic, and for good: the program's handlers may run on signal stacks; and it
 * has some without room for the frame of one of ours. */
static bool shared, narrow;

/* Atomic, and for good: some thread has gone on with next to no stack; and one
 * with a signal stack of refknot's, if any. */
static bool tight, tight_here;

/* What cannot be asked may be so: a filter may forbid to look. */
static bool is_owned(const struct stack *s, uint32_t number)
{
	const uint64_t here = ADDRESS(thread_pointer());
	uint32_t its = 0;
	long size;

	if (s->pointer == here)
		return READ_ONCE(mine) == number;
	size = sys_peek(sys_pid(), &its, s->pointer + ADDRESS(&mine) - here,
			sizeof(its));
	return size == -EFAULT ? false : size != sizeof(its) || its == number;
}

static void own(struct stack *s, uint32_t number)
{
	s->pointer = ADDRESS(thread_pointer());
	WRITE_ONCE(mine, number);
}

/* One whose owner has ended. */
static struct stack *take_over(void)
{
	const uint32_t made = LOAD_ACQUIRE(count);
	const uint32_t all = made < STACKS ? made : STACKS;

	for (uint32_t i = 0; i < PROBES && i < all; i++) {
		uint32_t at =
		    __atomic_fetch_add(&probe, 1, __ATOMIC_RELAXED) % all;
		struct stack *s = &stacks[at];
		bool found;

		if (__atomic_exchange_n(&s->busy, true, __ATOMIC_ACQUIRE))
			continue;
		found = s->start && !is_owned(s, at + 1);
		if (found)
			own(s, at + 1);
		STORE_RELEASE(s->busy, false);
		if (found)
			return s;
	}
	return NULL;
}

static struct stack *make(void)
{
	uint32_t at;
	struct stack *s;

	if (READ_ONCE(count) >= STACKS)
		return NULL;
	at = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	if (at >= STACKS)
		return NULL;
	s = &stacks[at];
	if (__atomic_exchange_n(&s->busy, true, __ATOMIC_ACQUIRE))
		return NULL;
	s->start = spare_map(SIZE);
	/* Else the kernel may make it one mapping with what is beside it. */
	if (s->start)
		sys_advise(s->start, SIZE, MADV_DONTDUMP);
	own(s, at + 1);
	STORE_RELEASE(s->busy, false);
	return s->start ? s : NULL;
}

static bool use_own(void)
{
	const uint32_t number = READ_ONCE(mine);
	struct stack *s = number ? &stacks[number - 1] : take_over();

	if (!s)
		s = make();
	return s && s->start &&
	       sys_use_alternate_stack(s->start, SIZE - UNUSED) == 0;
}

static bool is_mine(const void *start)
{
	const uint32_t number = READ_ONCE(mine);

	return number && start && stacks[number - 1].start == start;
}

/* A thread on so little stack has no signal stack from here on: if there is no
 * room for a frame, fatal signals must not have a handler. */
static void lack(const bool *such)
{
	if (LOAD_ORDERED(*such))
		fatal_give_up();
}

/* First: a thread that takes stacks away at the same time sees it. */
static void note_tight(bool *such, uint64_t size)
{
	if (size < TIGHT)
		STORE_ORDERED(*such, true);
}

/* The calling thread has a signal stack, or gets one. */
static bool has_one(uint64_t size)
{
	bool active;
	const uint64_t now = sys_alternate_stack(0, &active);

	if (now && !is_mine((const void *)(uintptr_t)now))
		return true;
	note_tight(&tight_here, size);
	if (LOAD_ORDERED(shared))
		return false;
	return now || use_own();
}

static COLD void give(uint64_t size)
{
	bool lacks;

	note_tight(&tight, size);
	lacks = !has_one(size);
	if (!lacks && !LOAD_ORDERED(narrow))
		fatal_use_signal_stacks(true);
	if (LOAD_ORDERED(narrow)) {
		fatal_use_signal_stacks(false);
		lacks = true;
	}
	if (lacks && size < TIGHT)
		fatal_give_up();
}

void signal_stack_give(uint64_t size)
{
	const uint64_t before = READ_ONCE(looked);

	if ((before && (before < TIGHT || size >= TIGHT)) ||
	    !fatal_stands_in(SIGSEGV) || !process_owns_memory())
		return;
	WRITE_ONCE(looked, size);
	give(size);
}

/*
 * Where the stack is and how large stands side by side in glibc's struct
 * pthread, in each version at another place. To take other words for it costs a
 * stack, no more. It does not say that of the first thread. 0: it is not small.
 */
#define CONTROL_LEAST 0x700u  /* bytes of it that every version has */
#define STACK_LEAST   4096ull /* that is smaller than PTHREAD_STACK_MIN */

static uint64_t small_stack(void)
{
	const uint64_t *words = thread_pointer();
	const uint64_t here = ADDRESS(words);

	for (unsigned i = 0; i + 1 < CONTROL_LEAST / 8; i++)
		if (words[i] < here && here - words[i] > STACK_LEAST &&
		    here - words[i] < words[i + 1] &&
		    words[i + 1] < SIGNAL_STACK_SMALL)
			return words[i + 1];
	return 0;
}

COLD void signal_stack_look(void)
{
	const uint64_t size = READ_ONCE(looked) ? 0 : small_stack();

	if (size)
		signal_stack_give(size);
}

COLD void signal_stack_share(void)
{
	bool active;
	uint64_t now;

	if (READ_ONCE(shared) || !process_owns_memory())
		return;
	STORE_ORDERED(shared, true);
	lack(&tight_here);
	if (!READ_ONCE(mine))
		return;
	now = sys_alternate_stack(0, &active);
	if (is_mine((const void *)(uintptr_t)now))
		sys_use_alternate_stack(NULL, 0);
}

COLD void signal_stack_replace(const stack_t *by)
{
	stack_t s;

	/* Where it cannot be read the kernel will refuse it, or we must not
	 * look. */
	if (!process_owns_memory() ||
	    (sys_peek(sys_pid(), &s, ADDRESS(by), sizeof(s)) == sizeof(s) &&
	     (s.ss_flags & SS_DISABLE || s.ss_size >= ROOMY ||
	      s.ss_size >= footing_frame() + HANDLER)))
		return;
	STORE_ORDERED(narrow, true);
	fatal_use_signal_stacks(false);
	lack(&tight);
}

COLD void signal_stack_replaced(void)
{
	const uint64_t size = READ_ONCE(looked);

	if (size && fatal_stands_in(SIGSEGV) && process_owns_memory())
		give(size);
}

void signal_stack_tell(stack_t *told)
{
	if (is_mine(told->ss_sp))
		*told = (stack_t){ .ss_flags = SS_DISABLE };
}
