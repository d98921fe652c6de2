/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <string.h>

#include "counters.h"
#include "generations.h"
#include "names.h"
#include "own_memory.h"
#include "references.h"

#define IMMORTAL (1 << 30) /* counts from here on never come down */
#define HELD     INT32_MAX /* certainly held, by what is not a candidate */

struct edge {
	uint32_t from, to; /* places */
};

enum fate {
	IN_USE,
	COLLECTABLE,
	UNCOLLECTABLE,
	FOLLOWING, /* uncollectable, but neither in a ring of such objects nor
		      behind one */
};

/* Candidates have places, from 0. */
static struct work {
	uint32_t room;      /* candidates that there is memory for */
	uint32_t edge_room; /* likewise */
	uint32_t count;
	uint32_t *objects;
	int32_t *counts; /* those that are not from candidates */
	uint8_t *fates;  /* enum fate */
	uint32_t *first; /* edges of candidate i: to[first[i] .. first[i+1]) */
	uint32_t *to;    /* places */
	struct edge *edges; /* the same, in no order */
	uint32_t edge_count;
	uint32_t *queue;
	struct counters_window window;
	struct trial result;
} work;

static uint32_t larger(uint32_t n)
{
	uint32_t room = 1024;

	while (room < n)
		room *= 2;
	return room;
}

/* --- Candidates ------------------------------------------------------------- */

static bool make_room(struct work *w, uint32_t n)
{
	if (n <= w->room)
		return true;
	n = larger(n);
	w->room = 0;
	w->objects = own_memory_map(n * sizeof(*w->objects));
	w->counts = own_memory_map(n * sizeof(*w->counts));
	w->fates = own_memory_map(n * sizeof(*w->fates));
	w->first = own_memory_map((n + 2ul) * sizeof(*w->first));
	w->queue = own_memory_map(n * sizeof(*w->queue));
	w->result.lost = own_memory_map(n * sizeof(*w->result.lost));
	if (!w->objects || !w->counts || !w->fates || !w->first || !w->queue ||
	    !w->result.lost)
		return false;
	w->room = n;
	return true;
}

static bool is_there(const struct store_object *o)
{
	const unsigned both = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;

	return (o->flags & both) == both;
}

static void add_candidate(struct work *w, uint32_t number)
{
	struct store_object *o = objects_at(number);
	int64_t count;

	/* Its counter may be gone. Others are looked at when they are lost. */
	if (unlikely(READ_ONCE(references_lost) || o->counter) &&
	    objects_live(o->address) != o)
		return;
	count = counters_look(&w->window, o);
	/* Without a plausible count it passes for held. */
	if (count <= 0 || count >= IMMORTAL)
		count = HELD;
	w->objects[w->count] = number;
	w->counts[w->count] =
	    o->flags & STORE_OBJECT_GARBAGE ? HELD : (int32_t)count;
	o->place = ++w->count;
}

/* What waits has a list of its own. */
static bool is_young(const struct store_object *o, int generation)
{
	return is_there(o) && !(o->flags & STORE_OBJECT_WAITING) &&
	       o->generation <= generation;
}

static bool find_candidates(struct work *w, int generation,
			    const struct trial_kept *waiting)
{
	bool listed = generations_listed(generation);
	uint32_t end = objects_end(), most = end, number;

	if (listed && 2 * GENERATIONS_LISTED < end)
		most = 2 * GENERATIONS_LISTED;
	if (!make_room(w, most + waiting->count))
		return false;
	w->window.start = 0;
	for (int g = 0; listed && g <= generation; g++)
		for (uint32_t i = 0; (number = generations_at(g, i)); i++)
			/* A record may be listed for two objects in turn. */
			if (number < end && w->count < w->room &&
			    !objects_at(number)->place &&
			    is_young(objects_at(number), generation))
				add_candidate(w, number);
	for (uint32_t i = 1; !listed && i < end; i++)
		if (is_young(objects_at(i), generation))
			add_candidate(w, i);
	for (uint32_t i = 0; i < waiting->count; i++)
		if (trial_is_there(&waiting->items[i]) &&
		    is_there(objects_at(waiting->items[i].number)))
			add_candidate(w, waiting->items[i].number);
	return true;
}

/* --- Edges -------------------------------------------------------------------- */

/* The edge of `r`, if it counts and is one between candidates. */
static inline void note_edge(struct work *w, const struct store_reference *r)
{
	uint32_t from, to;

	if (!r->to || !r->from || references_kind(r) == RKN_REFERENCE_WEAK)
		return;
	from = objects_at(r->from)->place;
	to = objects_at(r->to)->place;
	if (from && to && w->edge_count < w->edge_room)
		w->edges[w->edge_count++] = (struct edge){ from - 1, to - 1 };
}

/*
 * Counts lose what comes from candidates; the edges are sorted by `from`. Few
 * candidates have their own lists; for many all references are looked at, in
 * the order in which they lie in memory.
 */
static bool find_edges(struct work *w)
{
	const struct store_table *t = &store.header->tables[STORE_REFERENCES];
	uint64_t end = t->count < t->capacity ? t->count : t->capacity;

	w->edge_count = 0;
	if (end > w->edge_room) {
		uint32_t room = larger((uint32_t)end);

		w->edge_room = 0;
		w->to = own_memory_map(room * sizeof(*w->to));
		w->edges = own_memory_map(room * sizeof(*w->edges));
		if (!w->to || !w->edges)
			return false;
		w->edge_room = room;
	}
	if (w->count > end / 8)
		for (uint32_t i = 1; i < end; i++)
			note_edge(w, references_at(i));
	else
		for (uint32_t i = 0; i < w->count; i++)
			for (uint32_t n = objects_at(w->objects[i])->holds; n;
			     n = references_at(n)->from_next)
				note_edge(w, references_at(n));
	memset(w->first, 0, (w->count + 2ul) * sizeof(*w->first));
	for (uint32_t i = 0; i < w->edge_count; i++) {
		w->first[w->edges[i].from + 2]++;
		if (w->counts[w->edges[i].to] != HELD)
			w->counts[w->edges[i].to]--;
	}
	for (uint32_t i = 0; i < w->count; i++)
		w->first[i + 2] += w->first[i + 1];
	for (uint32_t i = 0; i < w->edge_count; i++)
		w->to[w->first[w->edges[i].from + 1]++] = w->edges[i].to;
	return true;
}

/* --- Fates ---------------------------------------------------------------------- */

static bool is_bare(uint32_t number)
{
	const struct store_name *type = names_record(objects_at(number)->type);

	return !type || !type->clear;
}

/* What the first `end` candidates in the queue lead to changes its fate from
 * `from` to `to`. */
static void spread(struct work *w, uint32_t end, enum fate from, enum fate to)
{
	for (uint32_t read = 0; read < end; read++) {
		uint32_t i = w->queue[read];

		for (uint32_t n = w->first[i]; n < w->first[i + 1]; n++)
			if (w->fates[w->to[n]] == from) {
				w->fates[w->to[n]] = (uint8_t)to;
				w->queue[end++] = w->to[n];
			}
	}
}

/* Uncollectable ones that no other uncollectable one leads to follow; then those
 * that only these lead to, and so on. */
static void find_following(struct work *w)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < w->count; i++)
		w->counts[i] = 0;
	for (uint32_t i = 0; i < w->edge_count; i++)
		w->counts[w->edges[i].to] +=
		    w->fates[w->edges[i].from] == UNCOLLECTABLE;
	for (uint32_t i = 0; i < w->count; i++)
		if (w->fates[i] == UNCOLLECTABLE && !w->counts[i])
			w->queue[end++] = i;
	for (uint32_t read = 0; read < end; read++) {
		uint32_t i = w->queue[read];

		w->fates[i] = FOLLOWING;
		for (uint32_t n = w->first[i]; n < w->first[i + 1]; n++)
			if (w->fates[w->to[n]] == UNCOLLECTABLE &&
			    !--w->counts[w->to[n]])
				w->queue[end++] = w->to[n];
	}
}

/* A count below 0 means that more is declared than counted: that is not reason
 * enough to call it lost. */
static void find_fates(struct work *w)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < w->count; i++) {
		w->fates[i] = w->counts[i] ? IN_USE : COLLECTABLE;
		if (w->counts[i])
			w->queue[end++] = i;
	}
	spread(w, end, COLLECTABLE, IN_USE);
	end = 0;
	for (uint32_t i = 0; i < w->count; i++)
		if (w->fates[i] == COLLECTABLE && is_bare(w->objects[i])) {
			w->fates[i] = UNCOLLECTABLE;
			w->queue[end++] = i;
		}
	spread(w, end, COLLECTABLE, UNCOLLECTABLE);
	if (end)
		find_following(w);
}

/* Lists what is lost; the rest survives. All of them grow older. */
static void age(struct work *w, int generation)
{
	int next = generation < GENERATIONS_OLDEST ? generation + 1
						   : GENERATIONS_OLDEST;

	generations_empty(generation);
	for (uint32_t i = 0; i < w->count; i++) {
		uint32_t number = w->objects[i];
		struct store_object *o = objects_at(number);
		bool waited = o->flags & STORE_OBJECT_WAITING;

		if (o->generation < next)
			o->generation = (uint8_t)next;
		if (o->generation < GENERATIONS_OLDEST)
			generations_add(o->generation, number);
		if (w->fates[i] == IN_USE)
			w->result.survivors += !waited;
		/* Its block may have ended unseen. */
		else if (objects_live(o->address) == o)
			w->result.lost[w->result.lost_count++] =
			    (struct trial_lost){
				    .item = { o->made_order, number, 0 },
				    .bare = is_bare(number),
				    .uncollectable = w->fates[i] != COLLECTABLE,
				    .follows = w->fates[i] == FOLLOWING,
				    .waited = waited,
			    };
	}
}

const struct trial *trial_make(int generation, const struct trial_kept *waiting)
{
	struct work *w = &work;
	bool done;

	w->count = 0;
	w->result.lost_count = w->result.survivors = 0;
	done = find_candidates(w, generation, waiting) && find_edges(w);
	if (done) {
		find_fates(w);
		age(w, generation);
	}
	for (uint32_t i = 0; i < w->count; i++)
		objects_at(w->objects[i])->place = 0;
	w->result.looked_at = w->count;
	return done ? &w->result : NULL;
}
