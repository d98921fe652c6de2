/* SPDX-License-Identifier: MIT */
#include "contexts.h"

#include <stdlib.h>
#include <ucontext.h>

#include "compiler.h"
#include "own.h"
#include "process.h"
#include "sys.h"

#define RED_ZONE 128ull /* below the stack pointer, and in use */

/*
 * The contexts that were switched: an address, and OUT while it is known to
 * wait. A context is in one of the WINDOW slots that its address leads to; one
 * that does not wait may be put out of it.
 */
#define SLOTS  (1u << 14)
#define WINDOW 16u
#define OUT    1ull
static uint64_t slots[SLOTS];

/* Stacks of contexts that wait, ascending. */
struct waiting {
	uint64_t low, high; /* the stack */
	uint64_t sp;        /* everything from here up is in use; `low`: all of
			       it, as far as known */
};
static struct waiting *waiting;
uint32_t contexts_count;

static uint64_t *slot_of(uint64_t address)
{
	uint32_t at = (uint32_t)(address >> 4) * 0x9e3779b1u >> 18;
	uint64_t *free = NULL;

	for (uint32_t i = 0; i < WINDOW; i++) {
		uint64_t *slot = &slots[(at + i) % SLOTS];
		uint64_t seen = READ_ONCE(*slot);

		if ((seen & ~OUT) == address)
			return slot;
		if (!free && !(seen & OUT))
			free = slot;
	}
	return free;
}

static void set(const void *context, uint64_t state)
{
	uint64_t address = (uint64_t)(uintptr_t)context;
	uint64_t *slot = slot_of(address);
	uint64_t seen = slot ? READ_ONCE(*slot) : 0;

	/* Who has it meanwhile may keep it: then this one is not known. */
	if (slot && ((seen & ~OUT) == address || (state && !(seen & OUT))))
		__atomic_compare_exchange_n(slot, &seen, address | state, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void contexts_switch(const void *from, const void *to)
{
	set(to, 0);
	if (from)
		set(from, OUT);
}

/* What a context says of itself, if it is one. */
static bool read_context(uint64_t address, struct waiting *w)
{
	static ucontext_t c;
	const ucontext_t *there = (const void *)(uintptr_t)address;

	if (sys_peek(process.pid, &c, address, sizeof(c)) != sizeof(c) ||
	    (const void *)c.uc_mcontext.fpregs !=
		(const void *)&there->__fpregs_mem)
		return false;
	w->low = (uint64_t)(uintptr_t)c.uc_stack.ss_sp;
	w->high = w->low + c.uc_stack.ss_size;
	w->sp = (uint64_t)c.uc_mcontext.gregs[REG_RSP];
	return w->low && w->low < w->sp && w->sp <= w->high;
}

static bool is_run_on(const struct stop *s, const struct waiting *w)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->threads[i].low >= w->low && s->threads[i].low < w->high)
			return true;
	return false;
}

static int compare(const struct waiting *a, const struct waiting *b)
{
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (a->sp > b->sp) - (a->sp < b->sp);
}

static void sift(struct waiting *list, uint32_t at, uint32_t n)
{
	for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
		struct waiting w = list[at];

		if (child + 1 < n &&
		    compare(&list[child], &list[child + 1]) < 0)
			child++;
		if (compare(&list[at], &list[child]) >= 0)
			return;
		list[at] = list[child];
		list[child] = w;
	}
}

/* In place, without malloc: qsort() may allocate. */
static void sort(struct waiting *list, uint32_t n)
{
	for (uint32_t i = n / 2; i-- > 0;)
		sift(list, i, n);
	while (n > 1) {
		struct waiting w = list[0];

		list[0] = list[--n];
		list[n] = w;
		sift(list, 0, n);
	}
}

/*
 * Two contexts of one stack: one is what is left of a former coroutine there,
 * and which one is not known, so the larger part is in use. Stacks that overlap
 * otherwise are not believed.
 */
static void settle(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < contexts_count; i++) {
		struct waiting *last = n ? &waiting[n - 1] : NULL;

		if (!last || waiting[i].low >= last->high) {
			waiting[n++] = waiting[i];
			continue;
		}
		if (waiting[i].low != last->low)
			last->sp = last->low;
		if (waiting[i].high > last->high)
			last->high = waiting[i].high;
	}
	contexts_count = n;
}

void contexts_collect(const struct stop *s)
{
	struct waiting w;

	contexts_count = 0;
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (!(slots[i] & OUT) || !read_context(slots[i] & ~OUT, &w))
			continue;
		if (!waiting)
			waiting = own_map(SLOTS * sizeof(*waiting));
		if (!waiting)
			return;
		if (is_run_on(s, &w))
			w.sp = w.low;
		waiting[contexts_count++] = w;
	}
	sort(waiting, contexts_count);
	settle();
}

/* The first that ends above `address`. */
static uint32_t find(uint64_t address)
{
	uint32_t low = 0, high = contexts_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (waiting[middle].high <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool contexts_find(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to)
{
	for (uint32_t i = find(start);
	     i < contexts_count && waiting[i].low < end; i++) {
		const struct waiting *w = &waiting[i];
		uint64_t dead = (w->sp & ~7ull) - RED_ZONE;

		if (dead <= w->low || dead <= start)
			continue;
		*from = w->low > start ? w->low : start;
		*to = dead < end ? dead : end;
		return true;
	}
	return false;
}

bool contexts_know(uint64_t start, uint64_t end)
{
	uint32_t i = find(start);

	return i < contexts_count && waiting[i].low < end;
}
