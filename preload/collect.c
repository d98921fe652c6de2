/* SPDX-License-Identifier: MIT */
#include "collect.h"

#include <string.h>

#include "aside.h"
#include "names.h"
#include "own.h"
#include "process.h"
#include "references.h"
#include "sys.h"
#include "text.h"
#include "visits.h"
#include "world.h"

#define GENERATIONS 3
#define FROZEN      GENERATIONS
#define LISTED      (1u << 16) /* of a generation that are listed */
#define GARBAGE     (1u << 16)
#define CALLBACKS   16
#define IMMORTAL    (1 << 30) /* counts from here on never come down */

/* Objects of generations 0 and 1, some ended; the oldest are found by looking
 * at all. */
struct generation {
	uint32_t count; /* may exceed what there is room for */
	uint32_t list[LISTED];
};

struct edge {
	uint32_t from, to; /* places */
};

/* What a collection works with: its candidates, by their places from 0. */
struct work {
	uint32_t room;      /* candidates that there is memory for */
	uint32_t edge_room; /* likewise */
	uint32_t count;
	uint32_t *objects;
	int32_t *counts; /* references that are not from candidates */
	uint32_t *first; /* edges of candidate i: to[first[i] .. first[i+1]) */
	uint32_t *to;    /* places */
	struct edge *edges; /* the same, in no order */
	uint32_t edge_count;
	uint32_t *queue;
	struct visits_item *lost;
	uint32_t lost_count;
	struct objects_window window;
};

/* A callback's place, while a thread writes it: atomic, as threads add and
 * remove them while another collects. */
#define CHANGING ((refknot_callback *)1)

static struct collector {
	struct generation *young[GENERATIONS - 1];
	struct work work;
	uint32_t busy; /* a collection is at work */
	bool off;      /* no automatic ones */
	int debug;
	int64_t counts[GENERATIONS];
	int64_t threshold[GENERATIONS];
	/* As in CPython: all are looked at only where many are new to the
	 * oldest generation. */
	uint64_t old_new, old_all;
	struct refknot_stats stats[GENERATIONS];
	struct {
		refknot_callback *callback;
		void *data;
	} callbacks[CALLBACKS];
	struct visits_item *garbage;
	uint32_t garbage_count;
} gc;

void collect_reset(void)
{
	struct collector fresh = { .threshold = { 700, 10, 10 } };

	/* The memory stays, and so do the program's wishes in a child. */
	fresh.young[0] = gc.young[0];
	fresh.young[1] = gc.young[1];
	fresh.work = gc.work;
	fresh.garbage = gc.garbage;
	if (process.forked) {
		fresh.off = gc.off;
		fresh.debug = gc.debug;
		memcpy(fresh.threshold, gc.threshold, sizeof(gc.threshold));
		memcpy(fresh.callbacks, gc.callbacks, sizeof(gc.callbacks));
	}
	for (int i = 0; i < GENERATIONS - 1; i++)
		if (fresh.young[i])
			fresh.young[i]->count = 0;
	gc = fresh;
}

static void list(int generation, uint32_t number)
{
	struct generation *g =
	    __atomic_load_n(&gc.young[generation], __ATOMIC_ACQUIRE);
	uint32_t at;

	if (unlikely(!g)) {
		struct generation *none = NULL;

		g = own_map(sizeof(*g));
		if (!g)
			return;
		/* Another thread may have been faster. */
		if (!__atomic_compare_exchange_n(&gc.young[generation], &none,
						 g, false, __ATOMIC_RELEASE,
						 __ATOMIC_ACQUIRE))
			g = none;
	}
	at = __atomic_fetch_add(&g->count, 1, __ATOMIC_RELAXED);
	if (at < LISTED)
		g->list[at] = number;
	else
		__atomic_store_n(&g->count, LISTED + 1, __ATOMIC_RELAXED);
}

void collect_made(uint32_t number)
{
	__atomic_fetch_add(&gc.counts[0], 1, __ATOMIC_RELAXED);
	list(0, number);
}

void collect_ended(void)
{
	int64_t now = __atomic_load_n(&gc.counts[0], __ATOMIC_RELAXED);

	if (now > 0)
		__atomic_fetch_sub(&gc.counts[0], 1, __ATOMIC_RELAXED);
}

bool collect_is_due(void)
{
	int64_t most = READ_ONCE(gc.threshold[0]);

	return most > 0 && READ_ONCE(gc.counts[0]) > most &&
	       !READ_ONCE(gc.off) && !READ_ONCE(gc.busy);
}

/* --- Memory ------------------------------------------------------------------ */

static uint32_t larger(uint32_t n)
{
	uint32_t room = 1024;

	while (room < n)
		room *= 2;
	return room;
}

static bool make_room(struct work *w, uint32_t n)
{
	if (n <= w->room)
		return true;
	n = larger(n);
	w->room = 0;
	w->objects = own_map(n * sizeof(*w->objects));
	w->counts = own_map(n * sizeof(*w->counts));
	w->first = own_map((n + 2ul) * sizeof(*w->first));
	w->queue = own_map(n * sizeof(*w->queue));
	w->lost = own_map(n * sizeof(*w->lost));
	if (!w->objects || !w->counts || !w->first || !w->queue || !w->lost)
		return false;
	w->room = n;
	return true;
}

static bool make_edge_room(struct work *w, uint32_t n)
{
	if (n <= w->edge_room)
		return true;
	n = larger(n);
	w->edge_room = 0;
	w->to = own_map(n * sizeof(*w->to));
	w->edges = own_map(n * sizeof(*w->edges));
	if (!w->to || !w->edges)
		return false;
	w->edge_room = n;
	return true;
}

/* --- Trial deletion ------------------------------------------------------------ */

static bool is_candidate(const struct store_object *o, int generation)
{
	const unsigned both = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;

	return (o->flags & both) == both && o->generation <= generation;
}

static void add_candidate(struct work *w, uint32_t number)
{
	struct store_object *o = objects_at(number);
	int64_t count;

	/* Is its counter still there? All others are looked at when lost. */
	if (unlikely(READ_ONCE(references_lost) || o->counter) &&
	    objects_live(o->address) != o)
		return;
	count = objects_look(&w->window, o);
	w->objects[w->count] = number;
	/* What has no plausible count is taken for held. */
	w->counts[w->count] =
	    count <= 0 || count >= IMMORTAL ? INT32_MAX : (int32_t)count;
	o->place = ++w->count;
}

/* Are all objects of generations up to this one in the lists? */
static bool is_listed(int generation)
{
	if (generation >= GENERATIONS - 1)
		return false;
	for (int i = 0; i <= generation; i++)
		if (gc.young[i] && gc.young[i]->count > LISTED)
			return false;
	return true;
}

static bool find_candidates(struct work *w, int generation)
{
	uint32_t end = objects_end(), most = end;

	if (is_listed(generation))
		most = 2 * LISTED < end ? 2 * LISTED : end;
	w->count = 0;
	w->window.start = 0;
	if (!make_room(w, most))
		return false;
	if (!is_listed(generation)) {
		for (uint32_t i = 1; i < end; i++)
			if (is_candidate(objects_at(i), generation))
				add_candidate(w, i);
		return true;
	}
	for (int g = 0; g <= generation; g++)
		for (uint32_t i = 0; gc.young[g] && i < gc.young[g]->count;
		     i++) {
			uint32_t number = gc.young[g]->list[i];

			/* A record may be listed for two objects in turn. */
			if (number && number < end && w->count < w->room &&
			    !objects_at(number)->place &&
			    is_candidate(objects_at(number), generation))
				add_candidate(w, number);
		}
	return true;
}

/* Does it count as one of its target's references? */
static inline bool is_strong(const struct store_reference *r)
{
	return references_kind(r) != RKN_REFERENCE_WEAK;
}

/* The edge of `r`, if it is one between candidates. */
static inline void note_edge(struct work *w, const struct store_reference *r)
{
	uint32_t from, to;

	if (!r->to || !r->from || !is_strong(r))
		return;
	from = objects_at(r->from)->place;
	to = objects_at(r->to)->place;
	if (from && to && w->edge_count < w->edge_room)
		w->edges[w->edge_count++] = (struct edge){ from - 1, to - 1 };
}

/* Few candidates have their own lists; of many all references are looked at in
 * the order in which they lie in memory. */
static bool list_edges(struct work *w)
{
	const struct store_table *t = &store.header->tables[STORE_REFERENCES];
	uint64_t end = t->count < t->capacity ? t->count : t->capacity;

	w->edge_count = 0;
	if (!make_edge_room(w, (uint32_t)end))
		return false;
	if (w->count > end / 8) {
		for (uint32_t i = 1; i < end; i++)
			note_edge(w, references_at(i));
		return true;
	}
	for (uint32_t i = 0; i < w->count; i++)
		for (uint32_t n = objects_at(w->objects[i])->holds; n;
		     n = references_at(n)->from_next)
			note_edge(w, references_at(n));
	return true;
}

/* Counts lose what comes from candidates; the edges are sorted by `from`. */
static bool find_edges(struct work *w)
{
	if (!list_edges(w))
		return false;
	memset(w->first, 0, (w->count + 2ul) * sizeof(*w->first));
	for (uint32_t i = 0; i < w->edge_count; i++) {
		w->first[w->edges[i].from + 2]++;
		if (w->counts[w->edges[i].to] != INT32_MAX)
			w->counts[w->edges[i].to]--;
	}
	for (uint32_t i = 0; i < w->count; i++)
		w->first[i + 2] += w->first[i + 1];
	for (uint32_t i = 0; i < w->edge_count; i++)
		w->to[w->first[w->edges[i].from + 1]++] = w->edges[i].to;
	return true;
}

/* The list of garbage holds what is in it, as Python's does: what was told as
 * uncollectable once is not found again until the list is dropped. */
static void hold_garbage(struct work *w)
{
	for (uint32_t i = 0; i < READ_ONCE(gc.garbage_count); i++) {
		const struct visits_item *item = &gc.garbage[i];
		const struct store_object *o = objects_at(item->number);

		if (o && o->made_order == item->order && o->place)
			w->counts[o->place - 1] = INT32_MAX;
	}
}

/* What is held from outside holds what it leads to. A count below 0 says that
 * more is declared than counted: that is no ground to call it lost. */
static void find_held(struct work *w)
{
	uint32_t read = 0, end = 0;

	for (uint32_t i = 0; i < w->count; i++)
		if (w->counts[i])
			w->queue[end++] = i;
	for (; read < end; read++) {
		uint32_t i = w->queue[read];

		for (uint32_t n = w->first[i]; n < w->first[i + 1]; n++)
			if (!w->counts[w->to[n]]) {
				w->counts[w->to[n]] = 1;
				w->queue[end++] = w->to[n];
			}
	}
}

static void age(struct work *w, int generation)
{
	int next =
	    generation < GENERATIONS - 1 ? generation + 1 : GENERATIONS - 1;

	for (int g = 0; g <= generation && g < GENERATIONS - 1; g++)
		if (gc.young[g])
			gc.young[g]->count = 0;
	w->lost_count = 0;
	for (uint32_t i = 0; i < w->count; i++) {
		uint32_t number = w->objects[i];
		struct store_object *o = objects_at(number);

		o->place = 0;
		if (o->generation != next && next == GENERATIONS - 1)
			gc.old_new++;
		o->generation = (uint8_t)next;
		if (next < GENERATIONS - 1)
			list(next, number);
		/* Its block may have ended where nobody saw it. */
		if (!w->counts[i] && objects_live(o->address) == o)
			w->lost[w->lost_count++] =
			    (struct visits_item){ o->made_order, number, 0 };
	}
	if (generation == GENERATIONS - 1) {
		gc.old_new = 0;
		gc.old_all = w->count;
	}
}

static bool find_lost(struct work *w, int generation)
{
	if (!find_candidates(w, generation) || !find_edges(w)) {
		for (uint32_t i = 0; i < w->count; i++)
			objects_at(w->objects[i])->place = 0;
		return false;
	}
	hold_garbage(w);
	find_held(w);
	age(w, generation);
	return true;
}

/* --- A collection ---------------------------------------------------------------- */

struct found {
	const char *what;
	const struct refknot_info *info;
};

static void say(void *data)
{
	const struct found *f = data;
	char line[512];
	struct text text = { line, sizeof(line), 0 };

	text_add(&text, "gc: ");
	text_add(&text, f->what);
	text_add(&text, " ");
	text_add(&text, f->info->type);
	text_add(&text, "#");
	text_number(&text, f->info->serial);
	process_say(line);
}

static void say_numbers(int generation, uint64_t looked_at, uint64_t found,
			uint64_t uncollectable)
{
	char line[256];
	struct text text = { line, sizeof(line), 0 };

	text_add(&text, "gc: generation ");
	text_number(&text, (uint64_t)generation);
	text_add(&text, ": looked at ");
	text_number(&text, looked_at);
	text_add(&text, " objects, unreachable ");
	text_number(&text, found);
	text_add(&text, ", of them uncollectable ");
	text_number(&text, uncollectable);
	process_say(line);
}

static void call_back(enum refknot_phase phase, int generation, long found,
		      long uncollectable)
{
	for (int i = 0; i < CALLBACKS; i++) {
		refknot_callback *f = __atomic_load_n(&gc.callbacks[i].callback,
						      __ATOMIC_ACQUIRE);

		if (f && f != CHANGING)
			f(phase, generation, found, uncollectable,
			  READ_ONCE(gc.callbacks[i].data));
	}
}

static void keep(const struct visits_item *item)
{
	uint32_t count = READ_ONCE(gc.garbage_count);

	if (!gc.garbage)
		WRITE_ONCE(gc.garbage, own_map(GARBAGE * sizeof(*gc.garbage)));
	if (!gc.garbage)
		return;
	for (uint32_t i = 0; i < count; i++)
		if (gc.garbage[i].number == item->number) {
			gc.garbage[i] = *item;
			return;
		}
	if (count == GARBAGE)
		return;
	gc.garbage[count] = *item;
	__atomic_store_n(&gc.garbage_count, count + 1, __ATOMIC_RELEASE);
}

static void *clear_of(uint32_t number)
{
	const struct store_name *type = names_record(objects_at(number)->type);

	return type ? (void *)(uintptr_t)type->clear : NULL;
}

/* Call the program's functions; what one of them freed has no turn. */
static uint64_t clear(struct work *w)
{
	uint64_t uncollectable = 0;

	for (uint32_t i = 0; i < w->lost_count; i++) {
		const struct visits_item *item = &w->lost[i];
		void *function = clear_of(item->number);
		bool can =
		    function && !(READ_ONCE(gc.debug) & REFKNOT_DEBUG_SAVEALL);
		struct refknot_info info;

		if (!visits_info(&info, item))
			continue;
		if (READ_ONCE(gc.debug) &
		    (function ? REFKNOT_DEBUG_COLLECTABLE
			      : REFKNOT_DEBUG_UNCOLLECTABLE))
			aside(say, &(struct found){ function ? "collectable"
							     : "uncollectable",
						    &info });
		if (!can) {
			uncollectable += !function;
			keep(item);
			continue;
		}
		((void (*)(void *))(void (*)(void))function)(
		    (void *)(uintptr_t)info.address);
	}
	return uncollectable;
}

/* Alone, so that the numbers belong together. */
static bool look(int generation)
{
	struct thread *t = thread_enter(NULL);
	bool done;

	if (!t)
		return false;
	if (!world_close(t)) {
		thread_leave(t);
		return false;
	}
	done = find_lost(&gc.work, generation);
	for (int i = 0; done && i <= generation; i++)
		WRITE_ONCE(gc.counts[i], 0);
	if (done && generation < GENERATIONS - 1)
		WRITE_ONCE(gc.counts[generation + 1],
			   gc.counts[generation + 1] + 1);
	world_open();
	thread_leave(t);
	return done;
}

/* By who collects; others read it. */
static void add(uint64_t *count, uint64_t more)
{
	WRITE_ONCE(*count, *count + more);
}

static long collect(int generation, bool automatic)
{
	struct refknot_stats *s = &gc.stats[generation];
	uint64_t uncollectable = 0;
	uint32_t none = 0;

	if (!process_ready() ||
	    !__atomic_compare_exchange_n(&gc.busy, &none, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return 0;
	call_back(REFKNOT_START, generation, 0, 0);
	if (!look(generation)) {
		call_back(REFKNOT_STOP, generation, 0, 0);
		__atomic_store_n(&gc.busy, 0, __ATOMIC_RELEASE);
		return -1;
	}
	if (!automatic)
		uncollectable = clear(&gc.work);
	add(&s->collections, 1);
	if (!automatic && !(READ_ONCE(gc.debug) & REFKNOT_DEBUG_SAVEALL))
		add(&s->collected, gc.work.lost_count - uncollectable);
	add(&s->uncollectable, uncollectable);
	none = gc.work.lost_count;
	if (READ_ONCE(gc.debug) & REFKNOT_DEBUG_STATS)
		say_numbers(generation, gc.work.count, none, uncollectable);
	call_back(REFKNOT_STOP, generation, (long)none, (long)uncollectable);
	__atomic_store_n(&gc.busy, 0, __ATOMIC_RELEASE);
	return (long)none;
}

long collect_now(int generation)
{
	if (generation < 0 || generation > GENERATIONS - 1)
		return -1;
	return collect(generation, false);
}

void collect_automatically(void)
{
	int generation = 0;

	if (READ_ONCE(gc.counts[1]) > READ_ONCE(gc.threshold[1]))
		generation = 1;
	if (READ_ONCE(gc.counts[2]) > READ_ONCE(gc.threshold[2]) &&
	    READ_ONCE(gc.old_new) > READ_ONCE(gc.old_all) / 4)
		generation = 2;
	collect(generation, true);
}

/* --- What can be asked and set ------------------------------------------------------ */

static void freeze(bool on)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);

		if (!(o->flags & STORE_OBJECT_LIVE))
			continue;
		if (on)
			o->generation = FROZEN;
		else if (o->generation == FROZEN)
			o->generation = GENERATIONS - 1;
	}
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
		*numbers = (long)visits_objects(FROZEN, NULL, NULL);
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
		WRITE_ONCE(gc.garbage_count, 0);
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
	process_ready();
	for (int i = 0; i < CALLBACKS; i++) {
		refknot_callback *there = add ? NULL : callback;

		if ((!add && READ_ONCE(gc.callbacks[i].data) != data) ||
		    !__atomic_compare_exchange_n(
			&gc.callbacks[i].callback, &there, CHANGING, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		WRITE_ONCE(gc.callbacks[i].data, add ? data : NULL);
		__atomic_store_n(&gc.callbacks[i].callback,
				 add ? callback : NULL, __ATOMIC_RELEASE);
		return 0;
	}
	return -1;
}

size_t collect_garbage(refknot_visit *visit, void *data)
{
	uint32_t count = __atomic_load_n(&gc.garbage_count, __ATOMIC_ACQUIRE);

	return process_ready()
		   ? visits_items(READ_ONCE(gc.garbage), count, visit, data)
		   : 0;
}
