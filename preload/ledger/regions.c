/* SPDX-License-Identifier: MIT */
#include "regions.h"

#include <errno.h>
#include <string.h>

#include "ledger_tables.h"
#include "names.h"
#include "own_memory.h"

#define DEPTH   32   /* regions that one thread has open */
#define CHANGES 1024 /* keys that change in one pass */
#define SLOTS   (2 * CHANGES)
#define AREAS   64 /* counters that are summed at the end of a pass */

#define PROBES     64 /* slots of the index that are looked at for a free one */
#define INDEX_BITS 18 /* twice the rows that there can be */
#define INDEX      (1u << INDEX_BITS)
static uint32_t *index_of; /* of INDEX hashes: the row's number; 0: none */
static bool filled;        /* any of them */

/* A key is the number of a stack, or of a type with this bit. */
#define TYPE 0x80000000u
#define ALL  0xffffffffu /* all blocks */

struct change {
	uint32_t key;
	uint32_t slot;
	struct rkn_region
	    *row; /* where it is added; NULL: not looked for yet */
	uint64_t made, ended;
	uint64_t made_bytes, ended_bytes;
	bool typed; /* some of the stack's blocks are objects */
};

/* A slot holds a place in `changes`, and counts if that points back: so the
 * count empties a level. */
struct level {
	uint32_t name;
	uint32_t count; /* of `changes`; the first is that of ALL */
	uint32_t most;  /* that it ever was with this name */
	uint16_t slots[SLOTS];
	struct change changes[CHANGES];
};

struct regions {
	struct level levels[DEPTH];
};

static struct level *innermost(const struct thread *t)
{
	return &t->regions->levels[t->regions_open - 1];
}

static uint32_t slot_of(uint32_t key)
{
	static_assert(SLOTS == 1 << 11, "slots by a hash of 11 bits");
	return key * 0x9e3779b1u >> 21;
}

static struct change *add(struct level *l, uint32_t key, uint32_t slot)
{
	struct change *c = &l->changes[l->count];
	/* The pass before mostly began alike. */
	struct rkn_region *row = c->key == key ? c->row : NULL;

	*c = (struct change){ .key = key, .slot = slot, .row = row };
	l->slots[slot] = (uint16_t)l->count++;
	if (l->count > l->most)
		l->most = l->count;
	return c;
}

/* Finds or adds the changes of `key`; NULL: no room. */
static struct change *find(struct level *l, uint32_t key)
{
	uint32_t slot = slot_of(key);

	for (;; slot = (slot + 1) % SLOTS) {
		uint32_t at = l->slots[slot];

		if (at >= l->count || l->changes[at].slot != slot)
			break;
		if (l->changes[at].key == key)
			return &l->changes[at];
	}
	return l->count < CHANGES ? add(l, key, slot) : NULL;
}

static void no_room(struct thread *t)
{
	t->area->limits[RKN_LIMIT_REGIONS_FULL]++;
}

/* --- Changes ------------------------------------------------------------ */

static void count(struct change *c, uint64_t size, bool ended)
{
	*(ended ? &c->ended : &c->made) += 1;
	*(ended ? &c->ended_bytes : &c->made_bytes) += size;
}

/* As if it had never been. */
static void uncount(struct change *c, uint64_t size, bool ended)
{
	c->typed = true;
	if (*(ended ? &c->ended : &c->made) == 0) {
		count(c, size, !ended);
		return;
	}
	*(ended ? &c->ended : &c->made) -= 1;
	*(ended ? &c->ended_bytes : &c->made_bytes) -= size;
}

COLD void regions_block(struct thread *t, uint32_t stack, uint64_t size,
			bool ended)
{
	struct level *l = innermost(t);
	struct change *c = find(l, stack);

	count(l->changes, size, ended);
	if (c)
		count(c, size, ended);
	else
		no_room(t);
}

COLD void regions_object(struct thread *t, uint32_t type, uint32_t stack,
			 uint64_t size, bool whole, bool ended)
{
	struct level *l = innermost(t);
	struct change *c = find(l, TYPE | type);

	if (c)
		count(c, size, ended);
	else
		no_room(t);
	c = whole ? find(l, stack) : NULL;
	if (c)
		uncount(c, size, ended);
}

COLD void regions_moved(struct thread *t, uint32_t type,
			const struct regions_place *from,
			const struct regions_place *to)
{
	struct level *l = innermost(t);
	struct change *a = find(l, from->stack), *b = find(l, to->stack);
	struct change *c = find(l, TYPE | type);

	if (a)
		uncount(a, from->size, true);
	if (b)
		uncount(b, to->size, false);
	if (c) {
		c->made_bytes += to->size;
		c->ended_bytes += from->size;
	}
}

/* --- Rows ----------------------------------------------------------------- */

int regions_reset(void)
{
	if (!index_of || READ_ONCE(filled))
		index_of =
		    own_memory_table(index_of, INDEX * sizeof(*index_of));
	WRITE_ONCE(filled, false);
	return index_of ? 0 : -ENOMEM;
}

static struct rkn_region *row_at(uint32_t number)
{
	return (struct rkn_region *)store_at(
		   store.header->tables[STORE_PASSES].offset) +
	       number;
}

static bool is_same(const struct rkn_region *a, const struct rkn_region *b)
{
	return a->name == b->name && a->thread == b->thread &&
	       a->stack == b->stack && a->type == b->type;
}

/* The row of `key` in a region of this thread, which is the only one that asks
 * for it and changes it; NULL: no room. */
static COLD struct rkn_region *row_of(struct thread *t, uint32_t name,
				      uint32_t key)
{
	const struct rkn_region row = {
		.name = name,
		.thread = t->serial,
		.stack = key & TYPE ? RKN_NONE : key,
		.type = key & TYPE && key != ALL ? key & ~TYPE : RKN_NONE,
		.buckets = RKN_REGION_BUCKETS,
	};
	uint64_t of = row.stack != RKN_NONE ? key : ~(uint64_t)row.type;
	uint64_t hash = (of << 32 | name) * 0x9e3779b97f4a7c15ull;
	uint32_t at;

	hash = (hash ^ hash >> 32 ^ row.thread) * 0xff51afd7ed558ccdull;
	at = (uint32_t)(hash >> (64 - INDEX_BITS));
	for (unsigned i = 0; i < PROBES; i++) {
		uint32_t *slot = &index_of[(at + i) % INDEX];
		uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		uint32_t none = 0;

		if (number && is_same(row_at(number), &row))
			return row_at(number);
		if (number)
			continue;
		number = (uint32_t)store_append(STORE_PASSES);
		if (!number)
			break;
		*row_at(number) = row;
		WRITE_ONCE(filled, true);
		/* If another thread took the slot, the row is left empty. */
		if (__atomic_compare_exchange_n(slot, &none, number, false,
						__ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return row_at(number);
	}
	no_room(t);
	return NULL;
}

/* Live blocks of `stack` now, in all threads; RKN_UNKNOWN if there are too many
 * threads to look at. */
static int64_t live_blocks(uint32_t stack)
{
	uint32_t areas = thread_numbers();
	uint64_t live = 0;

	if (areas > AREAS)
		return RKN_UNKNOWN;
	for (uint32_t i = 1; i < areas; i++) {
		const struct thread *t = thread_at(i);
		struct store_area *a =
		    t ? __atomic_load_n(&t->area, __ATOMIC_ACQUIRE) : NULL;
		const struct store_counter *c;

		if (!a)
			continue;
		if (stack == ALL) {
			live += READ_ONCE(a->allocations) - READ_ONCE(a->frees);
			continue;
		}
		if (!READ_ONCE(a->counters[stack / STORE_COUNTERS_PER_PAGE]))
			continue;
		c = thread_counter(a, stack);
		live += READ_ONCE(c->allocations) - READ_ONCE(c->frees);
	}
	return (int64_t)live;
}

static void add_value(struct rkn_region *r, int64_t delta)
{
	if (r->passes == 1 || delta < r->least)
		r->least = delta;
	if (r->passes == 1 || delta > r->most)
		r->most = delta;
	for (unsigned i = 0; i < RKN_REGION_VALUES; i++) {
		if (r->times[i] && r->values[i] != delta)
			continue;
		r->values[i] = delta;
		r->times[i]++;
		return;
	}
	if (!r->others || delta < r->other_least)
		r->other_least = delta;
	if (!r->others || delta > r->other_most)
		r->other_most = delta;
	r->others++;
}

/* `all`: the row of all blocks, whose pass was ended before; NULL: no room. */
static COLD void add_to_series(struct rkn_region *r,
			       const struct rkn_region *all, int64_t delta)
{
	uint64_t pass = all ? all->passes - 1 : 0;

	if (!all) {
		r->buckets = 0;
		return;
	}
	static_assert(sizeof(r->series) / sizeof(*r->series) ==
			  RKN_REGION_BUCKETS,
		      "buckets of another number");
	/* Buckets become twice as wide. */
	for (; pass >> r->series_shift >= RKN_REGION_BUCKETS;
	     r->series_shift++) {
		for (unsigned i = 0; i < RKN_REGION_BUCKETS / 2; i++)
			r->series[i] = r->series[2 * i] + r->series[2 * i + 1];
		memset(r->series + RKN_REGION_BUCKETS / 2, 0,
		       sizeof(r->series) / 2);
	}
	r->series[pass >> r->series_shift] += delta;
	if (delta < 0)
		return;
	if (r->grown_until != pass)
		r->grown_since = pass;
	r->grown_until = pass + 1;
}

/* `all`: the changes of all blocks, which come first. `order`: of the pass,
 * among all of the process. */
static void end_pass(struct thread *t, uint32_t name, struct change *c,
		     const struct change *all, uint64_t order)
{
	int64_t delta = (int64_t)(c->made - c->ended);
	struct rkn_region *r = c->row;
	const struct store_name *n;
	int64_t level;

	if (!r)
		r = c->row = row_of(t, name, c->key);
	if (!r)
		return;
	r->passes++;
	r->made += c->made;
	r->ended += c->ended;
	r->made_bytes += c->made_bytes;
	r->ended_bytes += c->ended_bytes;
	add_value(r, delta);
	level = (int64_t)(r->made - r->ended);
	if (r->passes == 1)
		r->first = order;
	r->last = order;
	if (level > r->top)
		r->top = level;
	if (r->top - level > r->fall)
		r->fall = r->top - level;
	if (delta)
		add_to_series(r, all->row, delta);
	if (r->type != RKN_NONE) {
		n = names_record(r->type);
		r->after = (int64_t)(READ_ONCE(n->made) - READ_ONCE(n->ended));
	} else {
		r->after = live_blocks(c->key);
	}
	/* It is not known which of the stack's blocks are objects. */
	if (c->typed || (r->passes > 1 && r->before == RKN_UNKNOWN))
		r->before = r->after = RKN_UNKNOWN;
	else if (r->passes == 1)
		/* Other threads may have freed some of it meanwhile. */
		r->before = r->after == RKN_UNKNOWN || r->after < delta
				? RKN_UNKNOWN
				: r->after - delta;
}

/* --- Levels ---------------------------------------------------------------- */

static void empty(struct level *l, uint32_t name)
{
	for (uint32_t i = 0; i < l->most; i++)
		l->changes[i].row = NULL;
	l->most = l->count = 0;
	l->name = name;
}

/* The rows of the area's former thread may be of another recording. */
static COLD void begin_first(struct thread *t)
{
	struct regions *r = t->regions_memory;

	if (!r)
		r = t->regions_memory = own_memory_map(sizeof(*r));
	for (unsigned i = 0; r && i < DEPTH; i++)
		empty(&r->levels[i], 0);
	t->regions = r;
}

void regions_begin(const char *name)
{
	struct thread *t = ledger_tables_enter();
	struct change *all;
	struct level *l;
	uint32_t number;

	if (!t)
		return;
	if (unlikely(!t->regions))
		begin_first(t);
	if (!t->regions || t->regions_open == DEPTH) {
		no_room(t);
		thread_leave(t);
		return;
	}
	l = &t->regions->levels[t->regions_open];
	number = names_number(name, t->area->limits);
	/* The rows that it knows are of one name. */
	if (l->name != number)
		empty(l, number);
	l->count = 0;
	all = add(l, ALL, slot_of(ALL));
	t->regions_open++;
	thread_take_detour(t);
	if (!all->row)
		all->row = row_of(t, l->name, ALL);
	if (all->row)
		all->row->begun++;
	thread_leave(t);
}

static bool is_called(const struct level *l, const char *name)
{
	uint32_t number;

	if (likely(name && names_same(names_text(l->name), name)))
		return true;
	number = names_find(name);
	if (!number && name && *name)
		number = NAMES_MORE; /* it found no room */
	return l->name == number;
}

/* The innermost level's changes belong to the one below, too. */
static void leave(struct thread *t)
{
	const struct level *from = innermost(t);
	struct level *to;

	if (!--t->regions_open) {
		thread_set_detour(t);
		return;
	}
	to = innermost(t);
	for (uint32_t i = 0; i < from->count; i++) {
		const struct change *c = &from->changes[i];
		struct change *sum = find(to, c->key);

		if (!sum) {
			no_room(t);
			continue;
		}
		sum->made += c->made;
		sum->ended += c->ended;
		sum->made_bytes += c->made_bytes;
		sum->ended_bytes += c->ended_bytes;
		sum->typed |= c->typed;
	}
}

/* What is still open inside it was left without an end. */
void regions_end(const char *name)
{
	static uint64_t passes; /* of all threads */
	struct thread *t = ledger_tables_enter();
	uint32_t open;
	uint64_t order;
	struct level *l;

	if (!t)
		return;
	open = t->regions_open;
	while (open && !is_called(&t->regions->levels[open - 1], name))
		open--;
	if (!open) {
		t->area->limits[RKN_LIMIT_UNBALANCED]++;
		thread_leave(t);
		return;
	}
	while (t->regions_open > open)
		leave(t);
	l = innermost(t);
	order = __atomic_add_fetch(&passes, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < l->count; i++)
		end_pass(t, l->name, &l->changes[i], l->changes, order);
	leave(t);
	thread_leave(t);
}
