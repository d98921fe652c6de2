/* SPDX-License-Identifier: MIT */
#include "stacks.h"

#include <errno.h>
#include <sys/mman.h>

#include "aside.h"
#include "modules.h"
#include "own_memory.h"
#include "store.h"
#include "sys.h"

/*
 * The index of the tree: open addressing, and a place is never given to another
 * frame, so that readers need no lock.  A table that is half full is followed
 * by one four times as large; what is still looked for moves there.  Threads
 * that race may add a frame twice: readers of the store make it one again.
 */
#define TABLES     8
#define FIRST_BITS 9 /* two pages */
#define PROBES     16
#define NOBODY     UINT32_MAX

struct place {
	uint64_t pc;    /* 0: free */
	uint64_t child; /* parent << 32 | node; 0: still being written */
};

static struct table {
	struct place *places;
	uint64_t used;
	bool followed; /* by the next one */
} tables[TABLES];
static uint32_t newest;

static struct store_frame *frame(uint32_t i)
{
	return (struct store_frame *)store_at(
		   store.header->tables[STORE_FRAMES].offset) +
	       i;
}

static uint64_t size_of(uint32_t table)
{
	return 1ull << (FIRST_BITS + 2 * table);
}

/* The first place of table `t` to look at. */
static uint64_t start(uint32_t t, uint32_t parent, uint64_t pc)
{
	return stacks_hash(parent, pc) >> (64 - FIRST_BITS - 2 * t);
}

/* Where (parent, pc) is in table `t`, and its child; NULL: it is not. */
static inline struct place *seek(uint32_t t, uint32_t parent, uint64_t pc,
				 uint64_t *found)
{
	struct place *places = LOAD_ACQUIRE(tables[t].places);
	uint64_t i = start(t, parent, pc), mask = size_of(t) - 1;

	if (!places)
		return NULL;
	for (unsigned n = 0; n < PROBES; n++, i++) {
		struct place *p = &places[i & mask];
		uint64_t there = READ_ONCE(p->pc);
		uint64_t child;

		if (!there)
			return NULL;
		if (there != pc)
			continue;
		child = LOAD_ACQUIRE(p->child);
		if (likely(child && child >> 32 == parent)) {
			*found = child;
			return p;
		}
	}
	return NULL;
}

static void make_next(void *data)
{
	const uint32_t t = *(const uint32_t *)data;
	struct place *places;

	if (__atomic_exchange_n(&tables[t].followed, true, __ATOMIC_RELAXED))
		return;
	places = tables[t + 1].places;
	if (!places)
		places = own_memory_map(size_of(t + 1) * sizeof(*places));
	if (!places)
		return;
	/* All of it is touched soon, here and there. */
	sys_advise(places, size_of(t + 1) * sizeof(*places), MADV_HUGEPAGE);
	STORE_RELEASE(tables[t + 1].places, places);
	STORE_RELEASE(newest, t + 1);
}

/* Table `t` is full enough: go on with the next. A handler that leaves by longjmp
 * would leave none. */
static COLD void grow(uint32_t t)
{
	if (t + 1 < TABLES && !READ_ONCE(tables[t].followed))
		aside(make_next, &t);
}

/* Note a child in table `t`, if there is room. */
static void put(uint32_t t, uint64_t pc, uint64_t child)
{
	struct place *places = LOAD_ACQUIRE(tables[t].places);
	uint64_t i = start(t, (uint32_t)(child >> 32), pc);
	uint64_t mask = size_of(t) - 1;

	for (unsigned n = 0; places && n < PROBES; n++, i++) {
		struct place *p = &places[i & mask];
		uint64_t none = 0;

		if (!CHANGE(p->pc, none, pc))
			continue;
		STORE_RELEASE(p->child, child);
		if (__atomic_add_fetch(&tables[t].used, 1, __ATOMIC_RELAXED) <
		    size_of(t) / 2)
			return;
		break;
	}
	grow(t);
}

static COLD uint32_t insert(uint32_t t, uint32_t parent, uint64_t pc)
{
	uint32_t i = (uint32_t)store_append(STORE_FRAMES);
	struct store_frame *f = frame(i);

	if (!i)
		return 0;
	f->parent = parent;
	f->module = modules_find(pc - 1);
	STORE_RELEASE(f->address, pc);
	put(t, pc, (uint64_t)parent << 32 | i);
	return i;
}

/* The node of (parent, pc), which is added if there is none; 0: full. */
static uint32_t find(uint32_t parent, uint64_t pc)
{
	uint32_t last = LOAD_ACQUIRE(newest), t = last;

	for (;; t--) {
		uint64_t child = 0;

		/* Forgotten in between it counts as found just before. */
		if (likely(seek(t, parent, pc, &child) != NULL)) {
			if (unlikely(t < last))
				put(last, pc, child);
			return (uint32_t)child;
		}
		if (!t)
			return insert(last, parent, pc);
	}
}

uint32_t stacks_child_slowly(struct stacks_memo *memo, uint32_t parent,
			     uint64_t pc)
{
	uint32_t node = find(parent, pc);

	if (!node)
		return 0;
	if (stacks_few(memo))
		memo->missed++;
	*stacks_place(memo, parent, pc) =
	    (struct stacks_known){ pc, parent, node };
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
	if (CHANGE(f->stack, none, number))
		return number;
	s->frame = 0;
	return none;
}

COLD uint32_t stacks_number(uint32_t i, bool truncated, uint64_t *limits)
{
	bool full = false;

	for (; i; i = frame(i)->parent) {
		uint32_t number = LOAD_ACQUIRE(frame(i)->stack);

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

/* Nobody's child is found any more. */
static COLD void forget(uint32_t parent, uint64_t pc)
{
	uint32_t last = LOAD_ACQUIRE(newest);

	for (uint32_t t = 0; t <= last; t++) {
		uint64_t child;
		struct place *p = seek(t, parent, pc, &child);

		if (p)
			WRITE_ONCE(p->child, (uint64_t)NOBODY << 32);
	}
}

COLD void stacks_forget(uint64_t from, uint64_t end, uint32_t number)
{
	const struct store_table *t = &store.header->tables[STORE_FRAMES];
	uint32_t count = (uint32_t)READ_ONCE(t->count);

	for (uint32_t i = 1; i < count; i++) {
		struct store_frame *f = frame(i);
		uint64_t address = 0;

		/* Another thread may just be making room for it. */
		if (store_touched(t->offset + (i + 1) * sizeof(*f) - 1))
			address = LOAD_ACQUIRE(f->address);
		if (!address || f->module != number || address - 1 < from ||
		    address - 1 >= end)
			continue;
		forget(f->parent, address);
		WRITE_ONCE(f->address, address | STORE_FRAME_GONE);
	}
}

COLD void stacks_forget_unloaded(void)
{
	const struct rkn_module *m;
	uint32_t number = 0;

	while ((m = modules_next_gone(&number))) {
		stacks_forget(m->start, m->end, number);
		modules_forget(number);
	}
}

COLD int stacks_reset(void)
{
	if (!tables[0].places)
		tables[0].places =
		    own_memory_map(size_of(0) * sizeof(struct place));
	for (uint32_t t = 0; t < TABLES; t++) {
		if (tables[t].places)
			own_memory_empty(tables[t].places,
					 size_of(t) * sizeof(struct place));
		tables[t].used = 0;
		tables[t].followed = false;
	}
	newest = 0;
	return tables[0].places ? 0 : -ENOMEM;
}
