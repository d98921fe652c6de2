/* SPDX-License-Identifier: MIT */
#include "contexts.h"

#include <stddef.h>
#include <ucontext.h>

#include "compiler.h"
#include "memory.h"
#include "ordered.h"
#include "own_memory.h"
#include "shadow.h"

#define RED_ZONE 128ull  /* below the stack pointer, and in use */
#define RECORD   1024ull /* where some keep the coroutine's data: the low end */

/*
 * The contexts that were switched: an address, and OUT while it is known to
 * wait. A context is in one of the WINDOW slots that its address leads to; one
 * that does not wait may be put out of it. What is noted beside it is for the
 * search to see that the stack is still the one that was left.
 */
#define SLOTS  (1u << 14)
#define WINDOW 16u
#define OUT    1ull
static struct slot {
	uint64_t context;
	uint64_t low, high; /* its stack */
	uint64_t made;      /* the EXTRA of the block there; 0: none begins */
} slots[SLOTS] APART;
static bool used;

/* Stacks of contexts, ascending. */
struct waiting {
	uint64_t low, high; /* the stack */
	uint64_t sp;        /* everything from here up is in use; `low`: all of
			       it, as far as known */
};
static struct waiting *waiting;
uint32_t contexts_count;
static struct ordered *order; /* slots by their stacks */

/* Stack pointers of all that wait, the threads' own contexts too. */
static uint64_t *left;
static uint32_t left_count;

static struct slot *slot_of(uint64_t address)
{
	uint32_t at = (uint32_t)(address >> 4) * 0x9e3779b1u >> 18;
	struct slot *free = NULL;

	for (uint32_t i = 0; i < WINDOW; i++) {
		struct slot *slot = &slots[(at + i) % SLOTS];
		uint64_t seen = READ_ONCE(slot->context);

		if ((seen & ~OUT) == address)
			return slot;
		if (!free && !(seen & OUT))
			free = slot;
	}
	return free;
}

/* A word of the block that begins there: no other block has the same one. */
static uint64_t contexts_block(uint64_t address)
{
	const uint64_t *head = shadow_head_at(address);

	if (!head || !shadow_is_live(READ_ONCE(*head)) ||
	    !(READ_ONCE(*head) & STORE_EXTRA))
		return 0;
	return READ_ONCE(head[1]) & ~(STORE_WHOLE | STORE_MOVED);
}

static void set(const ucontext_t *context, uint64_t state)
{
	uint64_t address = (uint64_t)(uintptr_t)context;
	struct slot *slot = slot_of(address);
	uint64_t seen = slot ? READ_ONCE(slot->context) : 0, low;

	if (!slot || ((seen & ~OUT) != address && seen & OUT))
		return;
	/* Another thread that has it meanwhile keeps it: then this context is
	 * not known. */
	if (!__atomic_compare_exchange_n(&slot->context, &seen, address, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	low = (uint64_t)(uintptr_t)context->uc_stack.ss_sp;
	WRITE_ONCE(slot->low, low);
	WRITE_ONCE(slot->high, low + context->uc_stack.ss_size);
	WRITE_ONCE(slot->made, contexts_block(low));
	if (state)
		__atomic_store_n(&slot->context, address | state,
				 __ATOMIC_RELEASE);
}

void contexts_switch(const void *from, const void *to)
{
	WRITE_ONCE(used, true);
	set(to, 0);
	if (from)
		set(from, OUT);
}

void contexts_forget(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; READ_ONCE(used) && i < SLOTS; i++) {
		uint64_t seen = READ_ONCE(slots[i].context);

		/* What another thread puts there meanwhile stays. */
		if (READ_ONCE(slots[i].low) < end &&
		    READ_ONCE(slots[i].high) > start)
			__atomic_compare_exchange_n(
			    &slots[i].context, &seen, seen & ~OUT, false,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
}

uint64_t contexts_stacks_next(uint32_t *at)
{
	while (READ_ONCE(used) && *at < SLOTS) {
		uint64_t low = READ_ONCE(slots[(*at)++].low);

		if (low)
			return low;
	}
	return 0;
}

/* Off the stack: it is large, and the search has one thread. */
static ucontext_t context;

/* Reads what a context says of itself; false if it is not one. */
static bool read_context(const struct slot *slot)
{
	const uint64_t address = slot->context & ~OUT;
	const ucontext_t *there = (const void *)(uintptr_t)address;

	return address && memory_peek(&context, address, sizeof(context)) &&
	       (const void *)context.uc_mcontext.fpregs ==
		   (const void *)&there->__fpregs_mem &&
	       (uint64_t)(uintptr_t)context.uc_stack.ss_sp == slot->low &&
	       slot->low + context.uc_stack.ss_size == slot->high;
}

/*
 * Whether what the switch left below the stack pointer is still there: the
 * address that swapcontext() returns to, and what the hook had kept
 * (switches.c). It is not if the coroutine went on in a way that no hook sees,
 * or the stack has other contents.
 */
static bool is_untouched(const struct slot *slot, uint64_t sp)
{
	uint64_t words[2];

	return memory_peek(words, sp - sizeof(words), sizeof(words)) &&
	       words[1] == (uint64_t)context.uc_mcontext.gregs[REG_RIP] &&
	       words[0] == (slot->context & ~OUT);
}

/* The start of what is in use of the stack of `slot`, whose context was read. */
static uint64_t used_from(const struct stop *s, const struct slot *slot)
{
	const uint64_t sp = (uint64_t)context.uc_mcontext.gregs[REG_RSP];
	const uint64_t address = slot->context & ~OUT;

	/* A thread may run on it: one in a handler on its signal stack may have
	 * interrupted any coroutine. */
	for (uint32_t i = 0; i < s->count; i++) {
		const uint64_t low = s->threads[i].low;

		if (!low || (low >= slot->low && low < slot->high))
			return slot->low;
	}
	if (!(slot->context & OUT) || sp <= slot->low + RECORD ||
	    sp > slot->high || slot->made != contexts_block(slot->low) ||
	    (address >= slot->low && address < slot->high) ||
	    !is_untouched(slot, sp))
		return slot->low;
	return sp;
}

uint64_t contexts_lowest(uint64_t start, uint64_t end)
{
	uint64_t lowest = end;

	for (uint32_t i = 0; i < left_count; i++)
		if (left[i] >= start && left[i] < lowest)
			lowest = left[i];
	return lowest;
}

/* Notes the stack pointers of all that wait. */
static void collect_left(void)
{
	left_count = 0;
	if (!left)
		left = own_memory_map(SLOTS * sizeof(*left));
	for (uint32_t i = 0; left && i < SLOTS; i++) {
		uint64_t sp;

		if (!(slots[i].context & OUT) || !read_context(&slots[i]))
			continue;
		sp = (uint64_t)context.uc_mcontext.gregs[REG_RSP];
		if (is_untouched(&slots[i], sp))
			left[left_count++] = sp;
	}
}

/*
 * Two contexts of one stack: one is what is left of a former coroutine there,
 * and it is not known which, so the larger part is in use. Stacks that overlap
 * otherwise are not believed.
 */
static void add_waiting(const struct slot *slot, uint64_t sp)
{
	struct waiting *last =
	    contexts_count ? &waiting[contexts_count - 1] : NULL;

	if (!last || slot->low >= last->high) {
		waiting[contexts_count++] =
		    (struct waiting){ slot->low, slot->high, sp };
		return;
	}
	if (slot->low != last->low)
		last->sp = last->low;
	else if (sp < last->sp)
		last->sp = sp;
	if (slot->high > last->high)
		last->high = slot->high;
}

void contexts_collect(const struct stop *s)
{
	uint32_t n = 0;

	contexts_count = 0;
	if (!used)
		return;
	collect_left();
	/* A coroutine that ends goes on as the one that it is linked to, and no
	 * hook sees that: such a context may wait or not. Mostly it does, so
	 * collect_left() comes first. */
	for (uint32_t i = 0; i < SLOTS; i++) {
		const uint64_t at = slots[i].context & ~OUT;
		struct slot *slot;
		uint64_t link;

		if (!at ||
		    !memory_peek(&link, at + offsetof(ucontext_t, uc_link), 8))
			continue;
		slot = link ? slot_of(link) : NULL;
		if (slot && (slot->context & ~OUT) == link)
			slot->context = link;
	}
	if (!waiting)
		waiting = own_memory_map(SLOTS * sizeof(*waiting));
	if (!order)
		order = own_memory_map(SLOTS * sizeof(*order));
	if (!waiting || !order)
		return;
	for (uint32_t i = 0; i < SLOTS; i++)
		if (slots[i].low)
			order[n++] = (struct ordered){ slots[i].low, i };
	ordered_sort(order, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct slot *slot = &slots[order[i].value];

		if (read_context(slot))
			add_waiting(slot, used_from(s, slot));
	}
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
		uint64_t low = w->low + RECORD;

		if (dead <= low || dead <= start)
			continue;
		*from = low > start ? low : start;
		*to = dead < end ? dead : end;
		if (*from < *to)
			return true;
	}
	return false;
}

bool contexts_know(uint64_t start, uint64_t end)
{
	uint32_t i = find(start);

	return i < contexts_count && waiting[i].low < end;
}
