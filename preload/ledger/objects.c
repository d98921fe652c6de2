/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "block_at.h"
#include "own_memory.h"
#include "recycle.h"
#include "sys.h"

#define GRANULE_SHIFT 3
#define SLOTS         (STORE_REGION >> GRANULE_SHIFT)

#define LOOKED_THROUGH (1u << 17) /* slots below an address inside an object */
#define MOST_BEHIND    (1u << 16) /* bytes of one that was freed */
#define MOST_BEFORE    1024u      /* bytes of a header before the first one */

static uint32_t **regions; /* slots of each; NULL: none */
static uint64_t count;     /* of regions; 0: nothing is recorded yet */
uint64_t objects_clock;

void objects_reset(void)
{
	WRITE_ONCE(count, 0);
}

int objects_make(void)
{
	regions = own_memory_table(regions, STORE_REGIONS * sizeof(*regions));
	recycle_reset();
	if (!regions)
		return -ENOMEM;
	__atomic_store_n(&count, STORE_REGIONS, __ATOMIC_RELEASE);
	return 0;
}

static uint32_t *slot_at(uint64_t address)
{
	uint64_t region = address >> STORE_REGION_SHIFT;
	uint32_t *slots;

	if (region >= __atomic_load_n(&count, __ATOMIC_ACQUIRE))
		return NULL;
	slots = __atomic_load_n(&regions[region], __ATOMIC_ACQUIRE);
	if (!slots)
		return NULL;
	return slots + ((address & (STORE_REGION - 1)) >> GRANULE_SHIFT);
}

static uint64_t offset_of(const uint32_t *slot)
{
	return (uint64_t)((const char *)slot - (const char *)store.header);
}

/* Whether it was ever used; else it must not be touched. */
static bool is_known(const uint32_t *slot)
{
	return slot && store_touched(offset_of(slot));
}

static COLD bool make_region(uint64_t region)
{
	uint64_t offset = store_take(SLOTS * sizeof(uint32_t));
	uint32_t *none = NULL;

	if (!offset)
		return false;
	/* If another thread was faster, ours is address space, no memory. */
	__atomic_compare_exchange_n(&regions[region], &none, store_at(offset),
				    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return true;
}

/* The slot, ready to be written; NULL: no room. */
static uint32_t *make_slot(uint64_t address)
{
	uint32_t *slot = slot_at(address);

	if (!slot && make_region(address >> STORE_REGION_SHIFT))
		slot = slot_at(address);
	if (!slot || !store_ready(offset_of(slot), sizeof(*slot)))
		return NULL;
	return slot;
}

struct store_object *objects_find(uint64_t address)
{
	const uint32_t *slot = slot_at(address);
	uint32_t number;
	struct store_object *o;

	if (!is_known(slot) || address % (1u << GRANULE_SHIFT))
		return NULL;
	number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	if (!number)
		return NULL;
	o = objects_at(number);
	return READ_ONCE(o->address) == address ? o : NULL;
}

/*
 * Its block may have ended unseen, and another begun there. Or another, without
 * objects, ended there long ago, and its HEAD is left inside the block that is
 * there now.
 */
struct store_object *objects_live(uint64_t address)
{
	struct store_object *o = objects_find(address);
	const uint64_t *head;
	uint64_t word, start, size;

	if (!o || !(objects_flags(o) & STORE_OBJECT_LIVE))
		return NULL;
	head = shadow_head_at(address);
	word = head ? READ_ONCE(*head) : 0;
	if (likely(!(word & STORE_HEAD) ||
		   (word & (STORE_FREED | STORE_NOTED)) == STORE_NOTED))
		return o;
	return word & STORE_FREED && !(word & STORE_NOTED) &&
		       block_at(address, &start, &size) &&
		       READ_ONCE(*shadow_slot(start)) & STORE_NOTED
		   ? o
		   : NULL;
}

/* An object is where another block began that was freed: that one's HEAD says
 * nothing of it. */
static void drop_freed(uint64_t address)
{
	uint64_t *slot = shadow_slot(address), head;

	if (!slot || !shadow_slot_known(slot))
		return;
	head = READ_ONCE(*slot);
	if (unlikely((head & (STORE_HEAD | STORE_FREED)) ==
		     (STORE_HEAD | STORE_FREED)))
		__atomic_compare_exchange_n(slot, &head, 0, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

struct store_object *objects_add(struct thread *t, uint64_t address,
				 enum rkn_limit_number *limit)
{
	uint64_t start, size, *head;
	uint32_t *slot, number;
	struct store_object *o;

	*limit = RKN_LIMIT_NO_OBJECT;
	if (!address || address % (1u << GRANULE_SHIFT) ||
	    address >> STORE_ADDRESS_BITS || !block_at(address, &start, &size))
		return NULL;
	*limit = RKN_LIMIT_OBJECTS_FULL;
	slot = make_slot(address);
	number = slot ? recycle_take(t, THREAD_FREE_OBJECTS) : 0;
	if (!number)
		return NULL;
	head = shadow_slot(start);
	libc_set_bits(head, STORE_NOTED);
	drop_freed(address);
	o = objects_at(number);
	objects_lock(t, o);
	WRITE_ONCE(o->address, address);
	size -= address - start;
	o->size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	o->next = 0;
	__atomic_store_n(slot, number, __ATOMIC_RELEASE);
	return o;
}

/* How many slots from the one of `at` on are all ready or all not: up to the end
 * of the store's step or of the region, and `most`. */
static uint64_t run_of(uint64_t at, const uint32_t *slot, uint64_t most)
{
	uint64_t region = (STORE_REGION - at % STORE_REGION) >> GRANULE_SHIFT;
	uint64_t step = region;

	if (slot)
		step =
		    (STORE_STEP - offset_of(slot) % STORE_STEP) / sizeof(*slot);
	step = step < region ? step : region;
	return step < most ? step : most;
}

/* What is found ends the search: false. */
typedef bool visit(struct store_object *o, void *data);

/* Calls `f` for each live record in the block, and clears its slot if `lift`. */
static inline __attribute__((always_inline)) void
each(uint64_t address, uint64_t size, bool lift, visit *f, void *data)
{
	uint64_t at = address >> GRANULE_SHIFT;
	uint64_t end = (address + (size ? size : 1) + 7) >> GRANULE_SHIFT;

	while (at < end) {
		uint32_t *first = slot_at(at << GRANULE_SHIFT);
		uint64_t n = run_of(at << GRANULE_SHIFT, first, end - at);

		at += n;
		if (!is_known(first))
			continue;
		for (uint32_t *slot = first; slot < first + n; slot++) {
			uint32_t number =
			    __atomic_load_n(slot, __ATOMIC_ACQUIRE);
			struct store_object *o;

			if (likely(!number))
				continue;
			o = objects_at(number);
			if (o->address >> GRANULE_SHIFT !=
				at - (uint64_t)(first + n - slot) ||
			    !(objects_flags(o) & STORE_OBJECT_LIVE))
				continue;
			if (lift)
				WRITE_ONCE(*slot, 0);
			if (!f(o, data))
				return;
		}
	}
}

static bool find_one(struct store_object *o, void *data)
{
	const struct store_object **found = data;

	if (!(o->flags & STORE_OBJECT_TRACKED) || objects_live(o->address) != o)
		return true;
	*found = o;
	return false;
}

/* The tracked object with the lowest address in [from, end); NULL. */
static const struct store_object *first_in(uint64_t from, uint64_t end)
{
	const struct store_object *found = NULL;

	if (from < end)
		each(from, end - from, false, find_one, &found);
	return found;
}

/* The same down: to the start of the step or of the region. */
static uint64_t run_down(uint64_t at, const uint32_t *slot)
{
	uint64_t region = (at % STORE_REGION >> GRANULE_SHIFT) + 1, step;

	if (!slot)
		return region;
	step = offset_of(slot) % STORE_STEP / sizeof(*slot) + 1;
	return step < region ? step : region;
}

/* Whether it can be a holder. One that has ended can, until it has given back
 * all; of its block only the size is known. */
static bool may_hold(const struct store_object *o, uint64_t address)
{
	unsigned flags = objects_flags(o);

	if (!(flags & STORE_OBJECT_TRACKED))
		return false;
	if (flags & STORE_OBJECT_LIVE)
		return objects_live(o->address) == o;
	return o->holds && address - o->address < o->size &&
	       !objects_replaced(o);
}

/* The last of those in [start, address]. */
static struct store_object *last_in(uint64_t start, uint64_t address)
{
	uint64_t at = address & ~((1ull << GRANULE_SHIFT) - 1), looked = 0;

	while (at >= start && looked < LOOKED_THROUGH) {
		const uint32_t *slot = slot_at(at);
		uint64_t n = run_down(at, slot);

		if (!is_known(slot)) {
			if (at < n << GRANULE_SHIFT)
				return NULL;
			at -= n << GRANULE_SHIFT;
			continue;
		}
		for (looked += n; n && at >= start;
		     n--, slot--, at -= 1u << GRANULE_SHIFT) {
			struct store_object *o =
			    READ_ONCE(*slot) ? objects_find(at) : NULL;

			if (o && may_hold(o, address))
				return o;
		}
	}
	return NULL;
}

struct store_object *objects_around(uint64_t address, uint64_t *start)
{
	const struct store_object *next;
	struct store_object *o;
	uint64_t size, end;

	if (!block_at(address, start, &size)) {
		*start = address;
		if (address < MOST_BEHIND)
			return NULL;
		o = last_in(address - MOST_BEHIND, address);
		return o && !(objects_flags(o) & STORE_OBJECT_LIVE) ? o : NULL;
	}
	if (!(READ_ONCE(*shadow_slot(*start)) & STORE_NOTED))
		return NULL;
	o = last_in(*start, address);
	if (o)
		return o;
	end = *start + size;
	if (end - address > MOST_BEFORE)
		end = address + MOST_BEFORE;
	next = first_in(address, end);
	return next ? objects_at(objects_number(next)) : NULL;
}

bool objects_part(const struct store_object *o, struct objects_part *part)
{
	uint64_t start, size, end;
	const struct store_object *next;

	if (!block_at(o->address, &start, &size))
		return false;
	end = start + size;
	next = first_in(o->address + (1u << GRANULE_SHIFT), end);
	part->first =
	    start == o->address || first_in(start, o->address) == NULL;
	part->bytes =
	    (next ? next->address : end) - (part->first ? start : o->address);
	part->block_bytes = size;
	part->stack = shadow_stack(READ_ONCE(*shadow_slot(start)));
	return true;
}

struct ending {
	struct thread *t;
	objects_visit *gone;
	uint32_t stack;
	uint32_t list; /* lifted, the newest first */
};

static inline bool end_one(struct store_object *o, void *data)
{
	struct ending *e = data;

	e->gone(e->t, o, e->stack);
	return true;
}

void objects_end_block(struct thread *t, uint64_t address, uint64_t size,
		       objects_visit *gone, uint32_t stack)
{
	struct ending e = { t, gone, stack, 0 };

	each(address, size, false, end_one, &e);
}

static bool lift_one(struct store_object *o, void *data)
{
	struct ending *e = data;

	o->next = e->list;
	e->list = objects_number(o);
	return true;
}

uint32_t objects_lift(uint64_t address, uint64_t size)
{
	struct ending e = { 0 };

	each(address, size, true, lift_one, &e);
	return e.list;
}

void objects_lose_counter(struct store_object *o)
{
	if (o->counter)
		o->count = 0;
	o->counter = 0;
}

uint32_t objects_settle(struct thread *t, uint32_t *list, uint64_t from,
			uint64_t to, uint64_t size)
{
	uint64_t *head = shadow_slot(to);
	uint32_t number = *list, type = 0, ended = 0;

	if (!number || !head)
		return 0;
	__atomic_fetch_or(head, STORE_NOTED, __ATOMIC_RELAXED);
	while (number) {
		struct store_object *o = objects_at(number);
		const uint64_t offset = o->address - from;
		uint32_t *slot = make_slot(to + offset);
		uint64_t counter = o->counter ? o->counter - from + to : 0;
		bool is_behind = offset >= size && offset != 0;
		uint32_t next = o->next;

		if (is_behind) {
			objects_lose_counter(o);
			counter = 0;
		} else if (counter && counter - to + o->width > size) {
			counter = 0;
			t->area->limits[RKN_LIMIT_OBJECT_GONE]++;
		}
		__atomic_store_n(&o->counter, counter, __ATOMIC_RELAXED);
		o->address = to + offset;
		if (offset < size)
			drop_freed(o->address);
		/* The slot changes last: a thread that finds the object there
		 * finds it whole. */
		if (slot)
			__atomic_store_n(slot, number, __ATOMIC_RELEASE);
		o->next = 0;
		if (is_behind) {
			o->next = ended;
			ended = number;
		} else if (!offset && o->flags & STORE_OBJECT_TRACKED) {
			o->size =
			    size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
			type = o->type;
		}
		number = next;
	}
	*list = ended;
	return type;
}

bool objects_whole(const struct store_object *o, uint32_t *stack)
{
	const uint64_t *head = shadow_head_at(o->address);
	uint64_t word = head ? READ_ONCE(*head) : 0;

	if (!(word & STORE_HEAD) || !(word & STORE_NOTED) ||
	    o->address % (1ull << shadow.granule_shift))
		return false;
	*stack = shadow_stack(word);
	return true;
}

bool objects_replaced(const struct store_object *o)
{
	uint64_t start, size;

	return block_at(o->address, &start, &size) &&
	       !(READ_ONCE(*shadow_slot(start)) & STORE_NOTED);
}

/* Its number may still be in the shadow, if no other object is there. */
void objects_forget(struct thread *t, struct store_object *o)
{
	uint32_t *slot = slot_at(o->address), number = objects_number(o);
	uint32_t expected = number;
	const size_t lock = offsetof(struct store_object, lock);
	const size_t behind = lock + sizeof(o->lock);

	if (is_known(slot) && READ_ONCE(*slot) == number)
		__atomic_compare_exchange_n(slot, &expected, 0, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	/* It stays locked: a thread that comes too late waits for the lock. */
	WRITE_ONCE(o->address, 0);
	memset((char *)o + sizeof(o->address), 0, lock - sizeof(o->address));
	memset((char *)o + behind, 0, sizeof(*o) - behind);
	recycle_give(t, THREAD_FREE_OBJECTS, number, number, 1);
}

struct store_object *objects_retire(struct thread *t, struct store_object *o,
				    uint32_t stack)
{
	uint32_t *place = &t->retired[t->retire++ % THREAD_RETIRED];
	uint32_t before = *place;

	objects_set_flags(o, 0, STORE_OBJECT_LIVE);
	o->ended_stack = stack;
	o->ended_thread = t->serial;
	o->ended_order = objects_order(t, o->made_order);
	*place = objects_number(o);
	return before ? objects_at(before) : NULL;
}

uint64_t objects_now(void)
{
	return __atomic_add_fetch(&objects_clock, OBJECTS_DRIFT,
				  __ATOMIC_SEQ_CST);
}

/* The thread that locked it may have left by longjmp, out of a handler. */
COLD void objects_lock_slowly(struct thread *t, struct store_object *o)
{
	for (uint32_t tries = 1;; tries++) {
		uint32_t owner = __atomic_load_n(&o->lock, __ATOMIC_RELAXED);

		if ((!owner || owner == t->number ||
		     (tries > 10000 && !thread_is_inside(owner))) &&
		    __atomic_compare_exchange_n(&o->lock, &owner, t->number,
						false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		if (tries < 100)
			__builtin_ia32_pause();
		else
			sys_rest(tries < 1000 ? 0 : 100000);
	}
}
