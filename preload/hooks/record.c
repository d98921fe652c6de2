/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "failure.h"
#include "heap.h"
#include "lives.h"
#include "realloc_window.h"
#include "references.h"
#include "strays.h"

/*
 * A block that is not known is not searched for pointers, and what it holds
 * would look leaked: without room for all blocks recording ends.
 */
static COLD void not_kept(struct store_area *a, enum rkn_limit_number limit)
{
	a->limits[limit]++;
	if (limit == RKN_LIMIT_STORE_FULL)
		failure_end_store(store_shortage());
}

/* Records a block without a shortcut to its slots, with a size that takes three
 * slots, or of a thread that takes the long way. */
static void record_block(struct thread *t, void *p, size_t size, size_t kept,
			 const struct walk_leaf *leaf)
{
	uint64_t extra = thread_extra(t), address = ADDRESS(p);
	struct shadow_block b = { size, extra >> STORE_BIRTH_SHIFT,
				  shadow_stack(leaf->head), t->serial };
	enum rkn_limit_number limit;

	leftovers_clear(p, size, kept);
	limit = shadow_set(address, &b);
	if (unlikely(limit != RKN_LIMITS)) {
		not_kept(t->area, limit);
		return;
	}
	if (unlikely(t->tame))
		__atomic_fetch_or(shadow_slot(address), t->tame,
				  __ATOMIC_RELAXED);
	record_count_alloc(t->area, leaf->counter, size);
	thread_more(t, size);
	if (unlikely(t->regions_open))
		regions_block(t, b.stack, size, false);
	shadow_learn(t->ways, address, size < 1 << SHADOW_WAY_SHIFT);
}

/*
 * A signal handler interrupted this thread inside refknot, or the thread has
 * no area: the block is kept, its stack is not known. Each counter changes by
 * one instruction, so an interrupted update is not lost.
 */
static COLD void record_outside(void *p, size_t size, size_t kept)
{
	struct shadow_block b = { .size = size };
	struct thread *t = thread_attached();
	enum rkn_limit_number limit;
	struct store_counter *c;

	if (!READ_ONCE(process_page.epoch)) {
		process_missed();
		return;
	}
	if (t && t->verifying)
		return;
	leftovers_clear(p, size, kept);
	limit = shadow_set(ADDRESS(p), &b);
	if (!t) {
		process_missed();
	} else if (limit == RKN_LIMITS) {
		c = thread_counter(t->area, 0);
		t->area->limits[RKN_LIMIT_NESTED]++;
		record_count_alloc(t->area, c ? c : &t->area->rest, size);
		/* Its free counts it off, and the peak is looked for then. */
		thread_add(t, size);
		thread_await_free(t);
	} else {
		not_kept(t->area, limit);
	}
}

/* For a thread that is inside. */
static void record_with(struct thread *t, void *p, size_t size, size_t kept,
			const struct walk_leaf *leaf)
{
	uint64_t *slot = shadow_shortcut(t->ways, ADDRESS(p)), head;

	if (!slot || size >> 32 || t->detour) {
		record_block(t, p, size, kept, leaf);
		return;
	}
	head = leaf->head | size << STORE_SIZE_SHIFT;
	if (!leftovers_same(READ_ONCE(*slot), head))
		leftovers_clear(p, size, kept);
	WRITE_ONCE(slot[1], thread_extra(t));
	STORE_RELEASE(*slot, head);
	record_count_alloc(t->area, leaf->counter, size);
	thread_more(t, size);
}

static void note_moved(const struct thread *t, const void *p)
{
	uint64_t *slot = shadow_shortcut(t->ways, ADDRESS(p));

	if (slot && READ_ONCE(*slot) & STORE_EXTRA)
		WRITE_ONCE(slot[1], slot[1] | STORE_MOVED);
}

void *record_alloc(void *p, size_t size, size_t kept, const void *frame)
{
	struct thread *t = thread_enter(frame);

	if (t) {
		record_with(t, p, size, kept, walk_from(t, frame));
		if (t->moving.sp)
			note_moved(t, p);
		thread_leave(t);
	} else if (!READ_ONCE(process_over)) {
		record_outside(p, size, kept);
	}
	return p;
}

void *record_inside(void *p, size_t size, size_t kept, const void *frame,
		    const struct walk_memo *m)
{
	struct thread *t = thread_behind(thread_self);

	record_with(t, p, size, kept,
		    likely(m && !m->join) ? &m->leaf
					  : walk_from_memo(t, frame, m));
	thread_leave(t);
	return p;
}

void record_whole(void *p)
{
	uint64_t *slot = shadow_slot(ADDRESS(p)), head;

	if (!READ_ONCE(process_page.epoch) || !slot || !shadow_slot_known(slot))
		return;
	head = READ_ONCE(*slot);
	if (shadow_is_live(head) && head & STORE_EXTRA)
		WRITE_ONCE(slot[1], READ_ONCE(slot[1]) | STORE_WHOLE);
	WRITE_ONCE(heap_asked, true);
}

static inline void count_free(struct thread *t, uint32_t stack, uint64_t size)
{
	struct store_counter *c = thread_counter(t->area, stack);

	record_count_free(t->area, c ? c : &t->area->rest, size);
}

/* The objects in it are left as they are: nobody will find them. */
static COLD void take_outside(void *p, struct record_freed *freed)
{
	struct thread *t = thread_attached();
	struct shadow_block b;

	if (!READ_ONCE(process_page.epoch))
		return;
	if (t && thread_is_at_peak(t))
		thread_peak(t);
	if (!shadow_take(ADDRESS(p), &b))
		return;
	references_lose(b.noted);
	freed->known = true;
	freed->noted = false;
	freed->stack = b.stack;
	freed->size = b.size;
	if (t) {
		count_free(t, b.stack, b.size);
		/* As record_outside() counted it; who is inside publishes. */
		(void)thread_shrinks(t, b.size);
	} else {
		process_missed();
	}
}

/* Takes the block out; the objects in it are left to the caller. `frame` is the
 * hook's; `moves`: it moves, else it is freed. */
static inline __attribute__((always_inline)) void
take(void *p, struct record_freed *freed, const void *frame, bool moves)
{
	struct thread *t = thread_enter(NULL);
	uint64_t address = ADDRESS(p);
	struct shadow_block b;

	freed->known = freed->noted = false;
	if (unlikely(!t)) {
		t = moves ? thread_attached() : NULL;
		if (t)
			realloc_window_begin(t, frame);
		take_outside(p, freed);
		return;
	}
	if (moves)
		realloc_window_begin(t, frame);
	if (unlikely(thread_is_at_peak(t)))
		thread_peak(t);
	if (likely(shadow_take(address, &b))) {
		freed->known = true;
		freed->noted = b.noted;
		freed->stack = b.stack;
		freed->size = b.size;
		if (!moves)
			shadow_note_freed(address,
					  ((const uint64_t *)frame)[1]);
		count_free(t, b.stack, b.size);
		thread_less(t, b.size);
		if (unlikely(t->regions_open))
			regions_block(t, b.stack, b.size, true);
		shadow_learn(t->ways, address, false);
	} else {
		strays_note(t, p, frame, moves);
		t->moving.sp = 0; /* nothing that is known is on its way */
	}
	thread_leave(t);
}

void record_take(void *p, struct record_freed *freed, const void *frame)
{
	take(p, freed, frame, true);
}

COLD void record_lift_noted(void *p, struct record_freed *freed,
			    const void *frame)
{
	freed->objects = references_lift(p, frame);
}

COLD void record_settle(struct record_freed *freed, const void *p,
			const void *q, size_t size)
{
	freed->type = references_settle(&freed->objects, p, q, size);
}

static COLD void free_otherwise(void *p, const void *frame)
{
	struct record_freed freed;

	take(p, &freed, frame, false);
	if (unlikely(freed.noted))
		references_free(p, freed.size, frame);
}

#define SAMPLE_MOST  256 /* of so many frees one is sampled, .. */
#define SAMPLE_FIRST 64  /* .. but of a thread's first ones each */
#define LOOK_EACH    2   /* samples */

/* How many numbers were given out since the block's; as far as another thread is
 * known by what it has taken. */
static uint64_t age(const struct thread *t, uint64_t extra)
{
	const uint64_t birth = shadow_birth(extra);
	const bool own =
	    !((extra ^ t->extra) & ((1ull << STORE_BIRTH_SHIFT) - 2));
	const uint64_t now = own ? (t->extra >> STORE_BIRTH_SHIFT) - 1
				 : READ_ONCE(store.header->births);

	return now > birth ? now - birth : !own;
}

/* Before the block is taken out. Returns how many frees on the next is sampled. */
static int32_t sample(struct thread *t, void *p)
{
	const uint64_t *slot = shadow_shortcut(t->ways, ADDRESS(p));
	const uint64_t head = slot ? READ_ONCE(*slot) : 0;
	const uint64_t each =
	    (t->area->frees - t->area->base_frees) / SAMPLE_FIRST + 1;
	struct store_counter *c =
	    shadow_is_live(head) && head & STORE_EXTRA
		? thread_counter_there(t->area, shadow_stack(head))
		: NULL;

	/* Of one that moved it is not known when it began. */
	if (c && shadow_birth(slot[1]) && !(slot[1] & STORE_MOVED))
		lives_add(c->lives, age(t, slot[1]), t->sample,
			  t->random * 0x9e3779b1u);
	t->sample = each < SAMPLE_MOST ? (uint32_t)each : SAMPLE_MOST;
	if (t->samples++ % LOOK_EACH == 0)
		thread_look(t);
	/* A loop that frees in turn shall not always show the same. */
	t->random = t->random * 1103515245 + 12345;
	return (int32_t)(1 + (t->random >> 16) % (2 * t->sample - 1));
}

/* This free is one that was waited for. While more and more is alive each is. */
static COLD void look(struct thread *t, void *p)
{
	int32_t left = t->put_off - 1;
	bool again;

	if (left <= 0)
		left = sample(t, p);
	again = t->detour || thread_is_at_peak(t);
	t->put_off = again ? left : 0;
	WRITE_ONCE(t->frees_left, again ? 0 : left);
	thread_set_top(t);
	/* Last: what a handler allocates in between counts, and what it began. */
	if (thread_is_at_peak(t))
		thread_peak(t);
	if (t->detour)
		thread_await_free(t);
}

void record_free_slowly(void *p, const void *frame)
{
	struct thread_gate *gate = thread_self;
	struct thread *t;
	uint64_t head = 0;

	if (gate->epoch == READ_ONCE(process_page.epoch)) {
		t = thread_behind(gate);
		if (t->frees_left <= 0)
			look(t, p);
		if (!t->detour)
			head = record_free_shortly(t, p, frame,
						   STORE_FREED | STORE_BIG);
	} else if (READ_ONCE(process_over)) {
		return;
	}
	if (!head)
		free_otherwise(p, frame);
	else if (head & STORE_NOTED)
		references_free(p, head >> STORE_SIZE_SHIFT, frame);
}

COLD void record_moved(const struct record_freed *freed, void *q, size_t size,
		       const void *frame)
{
	struct regions_place from = { freed->stack, freed->size };
	struct regions_place to = { 0, size };
	struct thread *t;

	references_cut(freed->objects, frame);
	if (!freed->type)
		return;
	t = thread_enter(NULL);
	if (!t)
		return;
	to.stack = shadow_stack(READ_ONCE(*shadow_slot(ADDRESS(q))));
	if (t->regions_open)
		regions_moved(t, freed->type, &from, &to);
	thread_leave(t);
}

COLD void record_copied(const void *q, size_t bytes)
{
	struct thread *t = thread_enter(NULL);
	/* Behind that: a forked child has another store then. */
	struct store_table *table = &store.header->tables[STORE_COPIES];
	const uint64_t *slot = shadow_slot(ADDRESS(q));
	struct store_copies *copies;
	uint64_t stack, count;

	if (!t)
		return;
	stack = slot && shadow_slot_known(slot) ? shadow_stack(READ_ONCE(*slot))
						: 0;
	copies = store_record(STORE_COPIES, stack);
	if (copies) {
		__atomic_fetch_add(&copies->count, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&copies->bytes, bytes, __ATOMIC_RELAXED);
		count = READ_ONCE(table->count);
		while (count <= stack &&
		       !CHANGE(table->count, count, stack + 1))
			;
	}
	thread_leave(t);
}

COLD void record_look(void)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return;
	thread_look(t);
	thread_leave(t);
}

void record_undo(void *p, struct record_freed *freed)
{
	struct store_counter *c;
	struct thread *t;

	if (!freed->known)
		return;
	shadow_restore(ADDRESS(p));
	if (unlikely(freed->objects))
		references_settle(&freed->objects, p, p, freed->size);
	t = thread_enter(NULL);
	if (!t)
		return;
	record_count(&t->area->frees, -1ull);
	c = thread_counter(t->area, freed->stack);
	if (!c)
		c = &t->area->rest;
	record_peak_of(c);
	record_count(&c->frees, -1ull);
	record_count(&c->freed_bytes, -freed->size);
	thread_more(t, freed->size);
	if (t->regions_open)
		regions_block(t, freed->stack, freed->size, false);
	thread_leave(t);
}
