/* SPDX-License-Identifier: MIT */
#include "collect.h"

#include <string.h>

#include "aside.h"
#include "counters.h"
#include "generations.h"
#include "ledger_gate.h"
#include "ledger_tables.h"
#include "listeners.h"
#include "messages.h"
#include "names.h"
#include "own_memory.h"
#include "process.h"
#include "references.h"
#include "text.h"
#include "trial.h"

#define FIRST 1024 /* objects that a list has room for at first */

/* What a collection finds stays its own until its end: `busy`. */
static struct collector {
	uint32_t busy; /* a collection is at work */
	bool off;      /* no automatic ones */
	int debug;
	int64_t counts[GENERATIONS];
	int64_t threshold[GENERATIONS];
	/* As in CPython: all are looked at only where many are new to the
	 * oldest generation. */
	uint64_t old_new, old_all;
	struct refknot_stats stats[GENERATIONS];
	struct trial_kept garbage;
	struct trial_kept waiting; /* for automatic checks clear nothing */
} gc;

void collect_reset(void)
{
	struct collector fresh = { .threshold = { 700, 10, 10 } };

	/* The memory stays, and so do the program's wishes in a child. */
	fresh.garbage = gc.garbage;
	fresh.waiting = gc.waiting;
	fresh.garbage.count = fresh.waiting.count = 0;
	if (process.forked) {
		fresh.off = gc.off;
		fresh.debug = gc.debug;
		memcpy(fresh.threshold, gc.threshold, sizeof(gc.threshold));
	}
	gc = fresh;
	generations_reset();
	listeners_reset(process.forked);
}

bool collect_making(void)
{
	int64_t most = READ_ONCE(gc.threshold[0]);

	return libc_add(&gc.counts[0], 1) > most && most &&
	       !READ_ONCE(gc.off) && !READ_ONCE(gc.busy);
}

void collect_ended(void)
{
	int64_t now = __atomic_load_n(&gc.counts[0], __ATOMIC_RELAXED);

	if (now > 0)
		libc_add(&gc.counts[0], -1);
}

/* --- A collection ---------------------------------------------------------- */

/* One of them, as far as it has come. */
struct round {
	int generation;
	bool automatic;
	int debug;
	const struct trial *trial;
	uint64_t found;
	uint64_t collected; /* for the first time */
	uint64_t uncollectable;
};

/*
 * Adds an object that is not in the list yet, and sets that flag. Ended objects
 * fall out when room is needed, so that a list grows only with its live ones;
 * its former memory, which others may read, is at most half of the new. False:
 * no memory, and it will be found again.
 */
static bool keep(struct trial_kept *k, const struct object_visits_item *item,
		 enum store_object_flag flag)
{
	if (k->count == k->room) {
		uint32_t room = k->room ? 2 * k->room : FIRST, count = 0;
		struct object_visits_item *items = k->items;

		for (uint32_t i = 0; i < k->count; i++)
			if (trial_is_there(&k->items[i]))
				k->items[count++] = k->items[i];
		WRITE_ONCE(k->count, count);
		if (count >= k->room / 2) {
			items = own_memory_map(room * sizeof(*items));
			if (!items)
				return false;
			if (count)
				memcpy(items, k->items, count * sizeof(*items));
			__atomic_store_n(&k->items, items, __ATOMIC_RELEASE);
			k->room = room;
		}
	}
	k->items[k->count] = *item;
	__atomic_store_n(&k->count, k->count + 1, __ATOMIC_RELEASE);
	objects_set_flags(objects_at(item->number), flag, 0);
	return true;
}

static bool saves_all(const struct round *r)
{
	return r->debug & REFKNOT_DEBUG_SAVEALL;
}

/* Only for the thread that collects; others read it. */
static void add_to(uint64_t *number, uint64_t more)
{
	WRITE_ONCE(*number, *number + more);
}

static void count(const struct round *r)
{
	int g = r->generation;

	for (int i = 0; i <= g; i++)
		WRITE_ONCE(gc.counts[i], 0);
	if (g < GENERATIONS_OLDEST)
		WRITE_ONCE(gc.counts[g + 1], gc.counts[g + 1] + 1);
	if (g == GENERATIONS_OLDEST) {
		WRITE_ONCE(gc.old_new, 0);
		WRITE_ONCE(gc.old_all, r->trial->survivors);
	} else if (g == GENERATIONS_OLDEST - 1) {
		add_to(&gc.old_new, r->trial->survivors);
	}
}

/* Into the garbage, or for later, or to be cleared now. False: no memory. */
static bool sort_in(struct round *r, const struct trial_lost *lost)
{
	struct store_object *o = objects_at(lost->item.number);

	objects_set_flags(o, 0, STORE_OBJECT_WAITING);
	if (lost->follows && !saves_all(r))
		return true;
	r->found++;
	r->uncollectable += lost->uncollectable;
	r->collected += !lost->uncollectable && !lost->waited;
	if (saves_all(r) || lost->bare)
		return keep(&gc.garbage, &lost->item, STORE_OBJECT_GARBAGE);
	if (lost->uncollectable)
		return true;
	if (r->automatic)
		return keep(&gc.waiting, &lost->item, STORE_OBJECT_WAITING);
	objects_set_flags(o, STORE_OBJECT_WAITING, 0);
	return true;
}

/* Alone, so that the numbers belong together. */
static bool look(struct round *r)
{
	const struct trial_kept none = { 0 };
	struct thread *t = thread_enter(NULL);
	bool kept = true;

	if (!t)
		return false;
	if (!ledger_gate_close(t)) {
		thread_leave(t);
		return false;
	}
	r->trial =
	    trial_make(r->generation, r->automatic ? &none : &gc.waiting);
	if (r->trial) {
		count(r);
		/* In use again or lost, it waits no longer. */
		for (uint32_t i = 0; !r->automatic && i < gc.waiting.count; i++)
			if (trial_is_there(&gc.waiting.items[i]))
				objects_set_flags(
				    objects_at(gc.waiting.items[i].number), 0,
				    STORE_OBJECT_WAITING);
		if (!r->automatic)
			gc.waiting.count = 0;
		for (uint32_t i = 0; i < r->trial->lost_count; i++)
			kept &= sort_in(r, &r->trial->lost[i]);
	}
	if (!r->trial || !kept)
		t->area->limits[RKN_LIMIT_COLLECTIONS]++;
	ledger_gate_open();
	thread_leave(t);
	return r->trial;
}

/* --- Lines for people -------------------------------------------------------- */

struct told {
	const char *what;
	struct refknot_info info;
};

static void say(void *data)
{
	const struct told *f = data;
	char line[512];
	struct text text = { line, sizeof(line), 0 };

	text_add(&text, "gc: ");
	text_add(&text, f->what);
	text_add(&text, " ");
	text_add(&text, f->info.type);
	text_add(&text, "#");
	text_number(&text, f->info.serial);
	messages_say(line);
}

static COLD void say_each(const struct round *r, bool uncollectable)
{
	struct told told = { .what = uncollectable ? "uncollectable"
						   : "collectable" };

	for (uint32_t i = 0; i < r->trial->lost_count; i++) {
		const struct trial_lost *lost = &r->trial->lost[i];

		if (lost->uncollectable == uncollectable &&
		    object_visits_info(&told.info, &lost->item))
			aside(say, &told);
	}
}

static void say_numbers(void *data)
{
	const struct round *r = data;
	char line[256];
	struct text text = { line, sizeof(line), 0 };

	text_add(&text, "gc: generation ");
	text_number(&text, (uint64_t)r->generation);
	text_add(&text, ": looked at ");
	text_number(&text, r->trial->looked_at);
	text_add(&text, " objects, unreachable ");
	text_number(&text, r->found);
	text_add(&text, ", of them uncollectable ");
	text_number(&text, r->uncollectable);
	messages_say(line);
}

/* --- What is lost lets go -------------------------------------------------------- */

/* Calls the program's function; what another one freed has no turn. */
static NOINLINE void clear(struct round *r, const struct trial_lost *lost)
{
	const struct store_name *type;
	struct store_object *o;
	struct thread *t = object_visits_enter(&o, &lost->item);
	int64_t left;
	void *object;

	if (!t)
		return;
	object = (void *)(uintptr_t)o->address;
	type = names_record(o->type);
	/* A reference that none of the lost has means that it is in use. */
	left = counters_one(o);
	for (uint32_t n = o->references; n; n = references_at(n)->to_next) {
		const struct store_reference *of = references_at(n);

		if (of->from && references_kind(of) != RKN_REFERENCE_WEAK &&
		    objects_at(of->from)->flags & STORE_OBJECT_WAITING)
			left--;
	}
	object_visits_leave(t, o);
	if (left > 0) {
		r->found--;
		r->collected -= !lost->waited;
	} else if (type && type->clear) {
		((void (*)(void *))(uintptr_t)type->clear)(object);
	}
}

/* A child that is forked meanwhile has none of the lost objects. */
static bool is_turn_of(const struct trial_lost *lost, uint64_t epoch)
{
	return !lost->uncollectable && READ_ONCE(process_page.epoch) == epoch;
}

static void clear_all(struct round *r)
{
	const struct trial *trial = r->trial;
	uint64_t epoch = READ_ONCE(process_page.epoch);

	for (uint32_t i = 0; i < trial->lost_count; i++)
		if (is_turn_of(&trial->lost[i], epoch))
			clear(r, &trial->lost[i]);
	/* Each had its turn, and no other collection has begun. */
	for (uint32_t i = 0; i < trial->lost_count; i++) {
		const struct trial_lost *lost = &trial->lost[i];
		struct store_object *o;
		struct thread *t = is_turn_of(lost, epoch)
				       ? object_visits_enter(&o, &lost->item)
				       : NULL;

		if (!t)
			continue;
		objects_set_flags(o, 0, STORE_OBJECT_WAITING);
		object_visits_leave(t, o);
	}
}

static long collect(int generation, bool automatic)
{
	struct round r = { .generation = generation, .automatic = automatic };
	struct refknot_stats *s = &gc.stats[generation];
	uint32_t none = 0;

	if (!process_ready() ||
	    !__atomic_compare_exchange_n(&gc.busy, &none, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return 0;
	listeners_call(REFKNOT_START, generation, 0, 0);
	r.debug = READ_ONCE(gc.debug);
	if (look(&r)) {
		if (r.debug & REFKNOT_DEBUG_COLLECTABLE)
			say_each(&r, false);
		if (!r.automatic && !saves_all(&r))
			clear_all(&r);
		add_to(&s->collections, 1);
		add_to(&s->collected, r.collected);
		add_to(&s->uncollectable, r.uncollectable);
		if (r.debug & REFKNOT_DEBUG_UNCOLLECTABLE)
			say_each(&r, true);
		if (r.debug & REFKNOT_DEBUG_STATS)
			aside(say_numbers, &r);
	}
	listeners_call(REFKNOT_STOP, generation, (long)r.found,
		       (long)r.uncollectable);
	__atomic_store_n(&gc.busy, 0, __ATOMIC_RELEASE);
	return r.trial ? (long)r.found : -1;
}

long collect_now(int generation)
{
	if (generation < 0 || generation > GENERATIONS_OLDEST)
		return -1;
	return collect(generation, false);
}

static bool exceeds(int generation)
{
	return READ_ONCE(gc.counts[generation]) >
	       READ_ONCE(gc.threshold[generation]);
}

void collect_automatically(void)
{
	int generation = exceeds(1) ? 1 : 0;

	if (exceeds(2) && READ_ONCE(gc.old_new) >= READ_ONCE(gc.old_all) / 4)
		generation = 2;
	collect(generation, true);
}

/* --- What can be asked and set ------------------------------------------------- */

/* Freezes all that does not wait, or moves it into the oldest generation. */
static void freeze(bool on)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);

		if (!(o->flags & STORE_OBJECT_LIVE))
			continue;
		if (on && !(o->flags & STORE_OBJECT_WAITING))
			o->generation = GENERATIONS_FROZEN;
		else if (!on && o->generation == GENERATIONS_FROZEN)
			o->generation = GENERATIONS_OLDEST;
	}
	for (int g = 0; on && g < GENERATIONS; g++)
		WRITE_ONCE(gc.counts[g], 0);
}

/* Not while a collection adds some. */
static void drop_garbage(void)
{
	struct thread *t = ledger_tables_enter();

	if (!t)
		return;
	ledger_gate_enter(t);
	for (uint32_t i = 0; i < gc.garbage.count; i++) {
		const struct object_visits_item *item = &gc.garbage.items[i];
		struct store_object *o = objects_at(item->number);

		objects_lock(t, o);
		if (o->made_order == item->order)
			objects_set_flags(o, 0, STORE_OBJECT_GARBAGE);
		objects_unlock(o);
	}
	WRITE_ONCE(gc.garbage.count, 0);
	ledger_gate_leave(t);
	thread_leave(t);
}

void collect_numbers(int what, long *numbers)
{
	if (!process_ready())
		return;
	for (int i = 0; i < GENERATIONS && what != REFKNOT_FREEZE_COUNT; i++) {
		if (what == REFKNOT_SET_THRESHOLD)
			WRITE_ONCE(gc.threshold[i], numbers[i]);
		else
			numbers[i] = (long)(what == REFKNOT_COUNT
						? READ_ONCE(gc.counts[i])
						: READ_ONCE(gc.threshold[i]));
	}
	if (what == REFKNOT_FREEZE_COUNT)
		*numbers =
		    (long)object_visits_objects(GENERATIONS_FROZEN, NULL, NULL);
}

int collect_flag(int what, int value)
{
	if (!process_ready())
		return 0;
	switch (what) {
	case REFKNOT_ENABLE:
		WRITE_ONCE(gc.off, !value);
		break;
	case REFKNOT_ENABLED:
		return !READ_ONCE(gc.off);
	case REFKNOT_FREEZE:
		freeze(value);
		break;
	case REFKNOT_SET_DEBUG:
		WRITE_ONCE(gc.debug, value);
		break;
	case REFKNOT_GET_DEBUG:
		return READ_ONCE(gc.debug);
	case REFKNOT_DROP_GARBAGE:
		drop_garbage();
		break;
	default:
		break;
	}
	return 0;
}

void collect_stats(struct refknot_stats *stats)
{
	process_ready();
	for (int i = 0; i < GENERATIONS; i++)
		stats[i] = (struct refknot_stats){
			READ_ONCE(gc.stats[i].collections),
			READ_ONCE(gc.stats[i].collected),
			READ_ONCE(gc.stats[i].uncollectable),
		};
}

int collect_callback(refknot_callback *callback, void *data, int add)
{
	return listeners_change(callback, data, add);
}

size_t collect_garbage(refknot_visit *visit, void *data)
{
	uint32_t count = __atomic_load_n(&gc.garbage.count, __ATOMIC_ACQUIRE);
	const struct object_visits_item *items =
	    __atomic_load_n(&gc.garbage.items, __ATOMIC_ACQUIRE);

	return process_ready() ? object_visits_items(items, count, visit, data)
			       : 0;
}
