/* SPDX-License-Identifier: MIT */
#include "collect.h"

#include <string.h>

#include "aside.h"
#include "counters.h"
#include "generations.h"
#include "ledger_gate.h"
#include "listeners.h"
#include "messages.h"
#include "names.h"
#include "process.h"
#include "references.h"
#include "text.h"
#include "trial.h"

/* What is found while its thread is alone stays its own until the end: `busy`. */
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
	struct finds garbage;
	struct finds waiting; /* automatic checks found it, and clear nothing */
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

void collect_made(uint32_t number)
{
	generations_add(0, number);
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

static bool saves_all(const struct round *r)
{
	return r->debug & REFKNOT_DEBUG_SAVEALL;
}

static bool add(struct finds *f, const struct trial_lost *lost,
		enum store_object_flag flag)
{
	struct object_visits_item item = { lost->order, lost->number, 0 };

	if (!finds_add(f, &item))
		return false;
	objects_set_flags(objects_at(lost->number), flag, 0);
	return true;
}

/* Into the garbage, or for later, or to be cleared now. False: no memory, and it
 * will be found again. */
static bool sort_in(struct round *r, const struct trial_lost *lost)
{
	objects_set_flags(objects_at(lost->number), 0, STORE_OBJECT_WAITING);
	if (lost->follows && !saves_all(r))
		return true;
	r->found++;
	r->uncollectable += lost->uncollectable;
	r->collected += !lost->uncollectable && !lost->waited;
	if (saves_all(r) || lost->bare)
		return add(&gc.garbage, lost, STORE_OBJECT_GARBAGE);
	if (lost->uncollectable)
		return true;
	if (r->automatic)
		return add(&gc.waiting, lost, STORE_OBJECT_WAITING);
	objects_set_flags(objects_at(lost->number), STORE_OBJECT_WAITING, 0);
	return true;
}

/* Whether in use again or lost, it waits no more. */
static void end_waiting(void)
{
	for (uint32_t i = 0; i < gc.waiting.count; i++) {
		const struct object_visits_item *item = &gc.waiting.items[i];

		if (finds_is_there(item))
			objects_set_flags(objects_at(item->number), 0,
					  STORE_OBJECT_WAITING);
	}
	gc.waiting.count = 0;
}

/* By who collects; others read it. */
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

static void look_alone(struct thread *t, struct round *r)
{
	bool kept = true;

	r->trial = trial_make(r->generation, r->automatic ? NULL : &gc.waiting);
	if (r->trial) {
		count(r);
		if (!r->automatic)
			end_waiting();
		for (uint32_t i = 0; i < r->trial->lost_count; i++)
			kept &= sort_in(r, &r->trial->lost[i]);
	}
	if (!r->trial || !kept)
		t->area->limits[RKN_LIMIT_COLLECTIONS]++;
}

/* Alone, so that the numbers belong together. */
static bool look(struct round *r)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return false;
	if (ledger_gate_close(t)) {
		look_alone(t, r);
		ledger_gate_open();
	}
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
		struct object_visits_item item = { lost->order, lost->number,
						   0 };

		if (lost->uncollectable == uncollectable &&
		    object_visits_info(&told.info, &item))
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

struct reading {
	const struct store_object *o;
	int64_t count;
};

static void read_count(void *data)
{
	struct counters_window window;
	struct reading *r = data;

	window.start = 0;
	r->count = counters_look(&window, r->o);
}

/* Has it a reference by then that none of the lost has? Somebody has it in use. */
static bool is_taken(const struct store_object *o)
{
	struct reading r = { o, o->count };

	if (o->counter)
		aside(read_count, &r);
	for (uint32_t n = o->references; n; n = references_at(n)->to_next) {
		const struct store_reference *of = references_at(n);

		if (of->from && references_kind(of) != RKN_REFERENCE_WEAK &&
		    objects_at(of->from)->flags & STORE_OBJECT_WAITING)
			r.count--;
	}
	return r.count > 0;
}

/* Call the program's function; what another one freed has no turn. */
static NOINLINE void clear(struct round *r, const struct trial_lost *lost)
{
	struct object_visits_item item = { lost->order, lost->number, 0 };
	const struct store_name *type;
	struct store_object *o;
	struct thread *t = object_visits_enter(&o, &item);
	void *object;
	bool taken;

	if (!t)
		return;
	object = (void *)(uintptr_t)o->address;
	type = names_record(o->type);
	taken = is_taken(o);
	object_visits_leave(t, o);
	if (taken) {
		r->found--;
		r->collected -= !lost->waited;
	} else if (type && type->clear) {
		((void (*)(void *))(uintptr_t)type->clear)(object);
	}
}

/* It had its turn, and no other collection has begun. */
static void wait_no_more(const struct trial_lost *lost)
{
	struct object_visits_item item = { lost->order, lost->number, 0 };
	struct store_object *o;
	struct thread *t = object_visits_enter(&o, &item);

	if (!t)
		return;
	objects_set_flags(o, 0, STORE_OBJECT_WAITING);
	object_visits_leave(t, o);
}

static void clear_all(struct round *r)
{
	const struct trial *trial = r->trial;
	uint64_t epoch = READ_ONCE(process_page.epoch);

	/* A child that is forked meanwhile has none of them. */
	for (uint32_t i = 0; i < trial->lost_count; i++)
		if (!trial->lost[i].uncollectable &&
		    READ_ONCE(process_page.epoch) == epoch)
			clear(r, &trial->lost[i]);
	for (uint32_t i = 0; i < trial->lost_count; i++)
		if (!trial->lost[i].uncollectable &&
		    READ_ONCE(process_page.epoch) == epoch)
			wait_no_more(&trial->lost[i]);
}

static void end_round(struct round *r)
{
	struct refknot_stats *s = &gc.stats[r->generation];

	if (r->debug & REFKNOT_DEBUG_COLLECTABLE)
		say_each(r, false);
	if (!r->automatic && !saves_all(r))
		clear_all(r);
	add_to(&s->collections, 1);
	add_to(&s->collected, r->collected);
	add_to(&s->uncollectable, r->uncollectable);
	if (r->debug & REFKNOT_DEBUG_UNCOLLECTABLE)
		say_each(r, true);
	if (r->debug & REFKNOT_DEBUG_STATS)
		aside(say_numbers, r);
}

static long collect(int generation, bool automatic)
{
	struct round r = { .generation = generation, .automatic = automatic };
	uint32_t none = 0;

	if (!process_ready() ||
	    !__atomic_compare_exchange_n(&gc.busy, &none, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return 0;
	listeners_call(REFKNOT_START, generation, 0, 0);
	r.debug = READ_ONCE(gc.debug);
	if (look(&r))
		end_round(&r);
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

static void freeze(void)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);

		if ((o->flags & STORE_OBJECT_LIVE) &&
		    !(o->flags & STORE_OBJECT_WAITING))
			o->generation = GENERATIONS_FROZEN;
	}
	for (int g = 0; g < GENERATIONS; g++)
		WRITE_ONCE(gc.counts[g], 0);
}

static void unfreeze(void)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);

		if ((o->flags & STORE_OBJECT_LIVE) &&
		    o->generation == GENERATIONS_FROZEN)
			o->generation = GENERATIONS_OLDEST;
	}
}

/* Not while a collection adds some. */
static void drop_garbage(void)
{
	struct thread *t = thread_enter_call();

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
		if (value)
			freeze();
		else
			unfreeze();
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
