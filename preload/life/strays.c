/* SPDX-License-Identifier: MIT */
#include "strays.h"

#include <errno.h>

#include "block_at.h"
#include "leftovers.h"
#include "maps.h"
#include "modules.h"
#include "objects.h"
#include "sys.h"
#include "walk.h"

#define PAGE 4096ull
#define FAR  (1ull << 36) /* bytes down to a block's start */
#define NEAR (1ull << 14)

/* It was freed before, and nothing was recorded there since, nor around it. */
static bool is_freed(struct thread *t, struct rkn_free *f)
{
	const uint64_t *head = shadow_head_at(f->address);
	uint64_t word = head ? READ_ONCE(*head) : 0, pc, start, size;

	if (f->address & ((1ull << shadow.granule_shift) - 1) ||
	    (word & (STORE_HEAD | STORE_FREED)) != (STORE_HEAD | STORE_FREED) ||
	    word == LEFTOVERS_RECORD || block_at(f->address, &start, &size))
		return false;
	f->kind = RKN_FREE_AGAIN;
	f->size = word >> STORE_SIZE_SHIFT;
	if (word & STORE_BIG)
		f->size |= READ_ONCE(head[2]) >> 1 << 32;
	f->made_stack = shadow_stack(word);
	pc = word & STORE_EXTRA ? shadow_freed_at(READ_ONCE(head[1])) : 0;
	/* After realloc it is still its order of birth. */
	if (pc && modules_find(pc) != RKN_NONE)
		f->freed_stack = stacks_number(stacks_child(&t->memo, 0, pc),
					       true, t->area->limits);
	return true;
}

static uint32_t append(const struct rkn_free *f)
{
	uint64_t i = store_append(STORE_FREES);
	struct rkn_free *kept = i ? store_record(STORE_FREES, i) : NULL;

	if (!kept)
		return 0;
	*kept = *f;
	return (uint32_t)i;
}

static bool is_inside(struct rkn_free *f, uint64_t far)
{
	uint64_t start, size;

	if (!block_at_near(f->address, far, &start, &size) ||
	    start == f->address)
		return false;
	f->kind = RKN_FREE_INSIDE;
	f->offset = f->address - start;
	f->size = size;
	f->made_stack = shadow_stack(READ_ONCE(*shadow_slot(start)));
	return true;
}

/* Of the hook, which has not returned. */
static uint32_t stack_of(struct thread *t, const struct thread_stray *s)
{
	return shadow_stack(walk_from(t, s->frame)->head);
}

/* Is it one to be kept? Then `f` says why. Most have no record there. */
static bool look(struct thread *t, struct rkn_free *f)
{
	const bool between = f->address & ((1ull << shadow.granule_shift) - 1);

	/*
	 * The process goes on: under Valgrind, and with allocators that ask for
	 * nothing. No allocator hands out an address between its granules; any
	 * other inside a block is wrong if all that ends blocks is seen, as it
	 * is of the C library's. Forked children free much that is nowhere: a
	 * look costs little.
	 */
	return is_freed(t, f) || ((between || !process.foreign_malloc) &&
				  is_inside(f, between ? FAR : NEAR));
}

/* In a frame of its own: to walk the stack takes most of what there is. */
static NOINLINE bool is_wrong(struct thread *t, uint64_t address)
{
	return look(t, &(struct rkn_free){ .address = address });
}

static COLD NOINLINE uint32_t keep(struct thread *t,
				   const struct thread_stray *s, uint32_t stack)
{
	struct rkn_free f = { .count = 1,
			      .address = s->address,
			      .flags = s->moves ? RKN_FREE_MOVES : 0,
			      .stack = stack,
			      .thread = t->serial };
	const struct store_table *table = &store.header->tables[STORE_FREES];

	if (!look(t, &f))
		return 0;
	for (uint64_t i = 1; i < table->count && i < table->capacity; i++) {
		struct rkn_free *kept = store_record(STORE_FREES, i);

		if (!kept || kept->stack != f.stack || kept->kind != f.kind)
			continue;
		__atomic_fetch_add(&kept->count, 1, __ATOMIC_RELAXED);
		return (uint32_t)i;
	}
	return append(&f);
}

COLD void strays_note(struct thread *t, const void *p, const void *frame,
		      bool moves)
{
	const uint64_t *words = frame;

	t->area->limits[RKN_LIMIT_UNKNOWN_FREE]++;
	t->stray = (struct thread_stray){
		.address = ADDRESS(p),
		.frame = words,
		.words = { words[0], words[1] },
		.moves = moves,
	};
	if (is_wrong(t, ADDRESS(p)))
		t->stray.kept = keep(t, &t->stray, stack_of(t, &t->stray));
}

static bool is_mapped(uint64_t address)
{
	unsigned char page;

	return sys_resident(address & ~(PAGE - 1), PAGE, &page) != -ENOMEM;
}

static enum rkn_free_kind kind_of_place(struct thread *t, uint64_t address,
					uint64_t sp)
{
	struct map map;

	if (address >= sp && address < thread_stack_end(t, sp))
		return RKN_FREE_STACK;
	if (address >> STORE_ADDRESS_BITS || !is_mapped(address))
		return RKN_FREE_NOWHERE;
	if (modules_find(address) != RKN_NONE)
		return RKN_FREE_STATIC;
	if (!maps_find(address, &map))
		return RKN_FREE_UNKNOWN;
	if (map.inode || (address == map.start && !is_mapped(address - PAGE)))
		return RKN_FREE_MAPPING;
	return RKN_FREE_UNKNOWN;
}

COLD void strays_end(const struct stopped *self)
{
	struct thread *t = thread_attached();
	const struct thread_stray *s = t ? &t->stray : NULL;
	struct rkn_free *kept, f;

	/* Has the hook returned? What is above the stack pointer may be read. */
	if (!s || !s->frame || self->low >= ADDRESS(s->frame) ||
	    s->frame[0] != s->words[0] || s->frame[1] != s->words[1])
		return;
	kept = s->kept ? store_record(STORE_FREES, s->kept) : NULL;
	if (kept) {
		kept->flags |= RKN_FREE_FATAL;
		return;
	}
	f = (struct rkn_free){ .count = 1,
			       .address = s->address,
			       .flags = RKN_FREE_FATAL,
			       .thread = t->serial };
	/* What a handler interrupted inside refknot is half done. */
	if (!thread_is_inside(t->number))
		f.stack = stack_of(t, s);
	f.flags |= s->moves ? RKN_FREE_MOVES : 0;
	if (!is_freed(t, &f) && !is_inside(&f, FAR))
		f.kind = kind_of_place(t, f.address, ADDRESS(s->frame));
	append(&f);
}
