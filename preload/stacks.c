/* SPDX-License-Identifier: MIT */
#include "stacks.h"

#include <sys/mman.h>

#include "modules.h"
#include "store.h"
#include "sys.h"

/*
 * Buckets in segments, each four times as large as the one before, so that a
 * small program touches few pages.  A new frame goes into the first segment
 * that is not yet loaded; lookup tries them in order: hot frames are old.
 */
#define SEGMENTS   5
#define FIRST_BITS 14
#define LOAD       1 /* frames a bucket before the next segment is used */
#define BUCKETS    ((1u << FIRST_BITS) * ((1u << 2 * SEGMENTS) - 1) / 3)

static __attribute__((aligned(4096))) uint32_t buckets[BUCKETS];

static struct store_frame *frame(uint32_t i)
{
	return (struct store_frame *)store_at(
		   store.header->tables[STORE_FRAMES].offset) +
	       i;
}

static uint64_t hash(uint32_t parent, uint64_t pc)
{
	uint64_t h =
	    (pc ^ (uint64_t)parent << 40 ^ parent) * 0x9e3779b97f4a7c15u;

	return h ^ h >> 32;
}

/* The bucket of hash `h` in segment `s`. */
static uint32_t *bucket(unsigned s, uint64_t h)
{
	uint32_t size = 1u << (FIRST_BITS + 2 * s);
	uint32_t start = (1u << FIRST_BITS) * ((1u << 2 * s) - 1) / 3;

	return &buckets[start + (h & (size - 1))];
}

static unsigned last_segment(void)
{
	uint64_t frames = __atomic_load_n(
	    &store.header->tables[STORE_FRAMES].count, __ATOMIC_RELAXED);
	uint64_t room = (uint64_t)LOAD << FIRST_BITS;
	unsigned s = 0;

	for (; s + 1 < SEGMENTS && frames > room; s++)
		room += (uint64_t)LOAD << (FIRST_BITS + 2 * (s + 1));
	return s;
}

/* Search a chain up to `stop`, which was searched before. */
static inline uint32_t search(uint32_t i, uint32_t stop, uint32_t parent,
			      uint64_t pc)
{
	for (; i != stop; i = frame(i)->next)
		if (frame(i)->address == pc && frame(i)->parent == parent)
			return i;
	return 0;
}

static COLD uint32_t insert(uint32_t parent, uint64_t pc, uint64_t h,
			    unsigned segment)
{
	uint32_t *head = bucket(segment, h), seen, found;
	uint32_t i = (uint32_t)store_append(STORE_FRAMES);
	struct store_frame *f = frame(i);

	if (!i)
		return 0;
	f->parent = parent;
	f->module = modules_find(pc - 1);
	f->address = pc;
	seen = __atomic_load_n(head, __ATOMIC_ACQUIRE);
	found = search(seen, 0, parent, pc);
	while (!found) {
		uint32_t stop = seen;

		f->next = seen;
		if (__atomic_compare_exchange_n(head, &seen, i, false,
						__ATOMIC_RELEASE,
						__ATOMIC_ACQUIRE))
			return i;
		found = search(seen, stop, parent, pc);
	}
	f->address = 0; /* a hole: another thread was faster */
	return found;
}

static COLD uint32_t find(uint32_t parent, uint64_t pc)
{
	unsigned last = last_segment();
	uint64_t h = hash(parent, pc);
	uint32_t i = 0;

	for (unsigned s = 0; s <= last && !i; s++)
		i = search(__atomic_load_n(bucket(s, h), __ATOMIC_ACQUIRE), 0,
			   parent, pc);
	return i ? i : insert(parent, pc, h, last);
}

COLD uint32_t stacks_child_slowly(struct stacks_memo *memo, uint32_t parent,
				  uint64_t pc)
{
	unsigned i = stacks_place(parent, pc);
	uint32_t node = find(parent, pc);

	if (!node)
		return 0;
	memo->children[i].pc = pc;
	memo->children[i].parent = parent;
	memo->children[i].node = node;
	return node;
}

static COLD uint32_t new_stack(struct store_frame *f, uint32_t i,
			       bool truncated)
{
	uint32_t number = (uint32_t)store_append(STORE_STACKS), none = 0;
	struct store_stack *s = store_record(STORE_STACKS, number);

	if (!number)
		return 0;
	s->frame = i;
	s->flags = truncated ? RKN_STACK_TRUNCATED : 0;
	if (__atomic_compare_exchange_n(&f->stack, &none, number, false,
					__ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
		return number;
	s->frame = 0;
	return none;
}

COLD uint32_t stacks_number(uint32_t i, bool truncated, uint64_t *limits)
{
	bool full = false;

	for (; i; i = frame(i)->parent) {
		uint32_t number =
		    __atomic_load_n(&frame(i)->stack, __ATOMIC_ACQUIRE);

		if (!number && !full)
			number = new_stack(frame(i), i, truncated);
		if (number)
			return number;
		if (!full)
			limits[RKN_LIMIT_STACKS_FULL]++;
		full = true;
	}
	return 0;
}

void stacks_forget(uint64_t start, uint64_t end, uint32_t number)
{
	uint32_t count = (uint32_t)store.header->tables[STORE_FRAMES].count;

	for (uint32_t i = 1; i < count; i++)
		if (frame(i)->module == number &&
		    frame(i)->address - 1 >= start &&
		    frame(i)->address - 1 < end)
			frame(i)->address |= STORE_FRAME_GONE;
}

void stacks_reset(void)
{
	sys_advise(buckets, sizeof(buckets), MADV_DONTNEED);
}
