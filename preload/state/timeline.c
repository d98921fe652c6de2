/* SPDX-License-Identifier: MIT */
#include "timeline.h"

#include <string.h>

#include "aside.h"
#include "store.h"
#include "ticks.h"

#define HELD_MOST 10000000000ull /* ns: who has the lock longer has left it */
#define KEY_SHARE 64 /* a key frame takes at most this part of the time */
#define FRESH     16 /* births, after which the clock is read again */

static_assert(2 * STORE_POINTS_MOST * sizeof(struct rkn_point) +
		      2 * STORE_KEYS_MOST * sizeof(struct rkn_key) +
		      STORE_KEY_PLACES * STORE_KEY_ROWS_MOST *
			  sizeof(struct rkn_key_row) <=
		  4u << 20,
	      "the timeline takes more than 4 MiB");

/* Points or key frames: which begin with a point. */
struct list {
	enum store_table_number table;
	uint32_t most;
	struct timeline_step step; /* between two */
	struct rkn_point last;     /* the newest */
};

static struct {
	uint64_t held;   /* since when a thread takes a point; 0: none does */
	uint64_t now;    /* since the start */
	uint64_t births; /* when the clock was read */
	uint64_t most, least; /* bytes, since the last point */
	uint64_t key_cost;    /* ns that the last one took */
	struct list points, keys;
	bool keep[STORE_POINTS_MOST]; /* scratch of the thread at it, ... */
	struct {                      /* ... and its sums by stack */
		int64_t blocks, bytes;
	} sums[STORE_COUNTERS_PER_PAGE];
} timeline;

void timeline_reset(void)
{
	memset(&timeline, 0, sizeof(timeline));
	timeline.least = UINT64_MAX;
	timeline.points = (struct list){
		.table = STORE_POINTS,
		.most = STORE_POINTS_MOST,
		.step = { 4000000, 4096, 64 << 10 },
	};
	timeline.keys = (struct list){
		.table = STORE_KEYS,
		.most = STORE_KEYS_MOST,
		.step = { 20000000, 65536, 1 << 20 },
	};
}

uint64_t timeline_now(void)
{
	return READ_ONCE(timeline.now);
}

static uint64_t areas(void)
{
	return LOAD_ACQUIRE(store.header->tables[STORE_AREAS].count);
}

void timeline_set_now(uint64_t now)
{
	if (now > timeline_now())
		WRITE_ONCE(timeline.now, now);
}

static uint64_t since_start(uint64_t now)
{
	const uint64_t start = store.header->start_mono_ns;

	return now > start ? now - start : 0;
}

bool timeline_tick(uint64_t births)
{
	const uint64_t clock = ticks_coarse();

	if (!clock)
		return false;
	/* What is known may be more exact. */
	timeline_set_now(since_start(clock));
	WRITE_ONCE(timeline.births, births);
	return true;
}

void timeline_tick_exactly(uint64_t births)
{
	timeline_set_now(since_start(ticks_exact()));
	WRITE_ONCE(timeline.births, births);
}

uint64_t timeline_at(uint64_t births)
{
	const uint64_t more = births - READ_ONCE(timeline.births);

	/* Of several threads births are not known so exactly. */
	if (areas() > 2 || more >= FRESH || more >= births / 64)
		timeline_tick(births);
	return timeline_now();
}

/* --- What is far from another ---------------------------------------------------- */

static bool is_ahead(uint64_t a, uint64_t b, uint64_t step)
{
	return b > a && b - a >= step;
}

static uint64_t volume(const struct rkn_point *p)
{
	return 2 * p->allocated_bytes - p->bytes;
}

static const struct rkn_point *point_at(const struct rkn_point *points,
					size_t size, uint32_t i)
{
	return (const struct rkn_point *)((const char *)points + i * size);
}

static uint32_t choose(const struct rkn_point *points, size_t size,
		       uint32_t count, const struct timeline_step *step,
		       bool *keep)
{
	const struct rkn_point *last = points;
	uint64_t so_far = volume(points), last_volume = so_far;
	uint32_t kept = 2;

	keep[0] = keep[count - 1] = true;
	for (uint32_t i = 1; i + 1 < count; i++) {
		const struct rkn_point *p = point_at(points, size, i);

		if (volume(p) > so_far)
			so_far = volume(p);
		keep[i] = is_ahead(last->time_ns, p->time_ns, step->time_ns) ||
			  is_ahead(last->births, p->births, step->births) ||
			  is_ahead(last_volume, so_far, step->volume);
		if (!keep[i])
			continue;
		last = p;
		last_volume = so_far;
		kept++;
	}
	return kept;
}

static uint64_t part_of(uint64_t from, uint64_t to, uint32_t parts)
{
	return (to > from ? to - from : 0) / parts + 1;
}

uint32_t timeline_choose(const struct rkn_point *points, size_t size,
			 uint32_t count, uint32_t most,
			 struct timeline_step *step, bool *keep)
{
	const struct rkn_point *end = point_at(points, size, count - 1);
	/* With so many parts of each measure it is never too many. */
	const uint32_t least = (most - 2) / 3;
	uint32_t parts = most - 2, kept;
	uint64_t high = 0;

	for (uint32_t i = 0; i < count; i++)
		if (volume(point_at(points, size, i)) > high)
			high = volume(point_at(points, size, i));
	for (;;) {
		step->time_ns = part_of(points->time_ns, end->time_ns, parts);
		step->births = part_of(points->births, end->births, parts);
		step->volume = part_of(volume(points), high, parts);
		kept = choose(points, size, count, step, keep);
		if (kept <= most || parts <= least)
			return kept;
		parts -= parts / 8 + 1;
		if (parts < least)
			parts = least;
	}
}

/* --- The lists ------------------------------------------------------------------- */

static uint32_t *word_of(const struct list *l)
{
	return l == &timeline.points ? &store.header->points
				     : &store.header->keys;
}

static uint32_t first_of(const struct list *l, uint32_t word)
{
	return (word & STORE_LIST_SECOND) ? l->most : 0;
}

/* Never more than there can be, whatever the word says. */
static uint32_t count_of(const struct list *l, uint32_t word)
{
	const uint32_t count = word & ~STORE_LIST_SECOND;

	return count < l->most ? count : l->most;
}

/* To the other list, which then is the valid one. */
static bool thin(struct list *l)
{
	uint32_t word = READ_ONCE(*word_of(l));
	const uint32_t count = count_of(l, word);
	const uint32_t other = ~word & STORE_LIST_SECOND;
	const size_t size = store.header->tables[l->table].record_size;
	struct rkn_point *from = store_record(l->table, first_of(l, word));
	uint64_t most = 0, least = UINT64_MAX;
	uint32_t n = 0;

	timeline_choose(from, size, count, l->most / 2, &l->step,
			timeline.keep);
	for (uint32_t i = 0; i < count; i++) {
		const struct rkn_point *p = point_at(from, size, i);
		struct rkn_point *to;

		most = p->most > most ? p->most : most;
		least = p->least < least ? p->least : least;
		if (!timeline.keep[i])
			continue;
		to = store_record(l->table, first_of(l, other) + n);
		if (!to)
			return false;
		memcpy(to, p, size);
		to->most = most;
		to->least = least;
		most = 0;
		least = UINT64_MAX;
		n++;
	}
	return CHANGE(*word_of(l), word, n | other);
}

/* Room for one more, which is then there with append(); NULL: there is none. The
 * list has *word then, or a thread that was stopped for long changed it. */
static void *room(struct list *l, uint32_t *word)
{
	if (!store_place(l->table, 2ull * l->most))
		return NULL;
	if (count_of(l, *word_of(l)) == l->most && !thin(l))
		return NULL;
	*word = READ_ONCE(*word_of(l));
	if (count_of(l, *word) == l->most)
		return NULL;
	return store_record(l->table, first_of(l, *word) + count_of(l, *word));
}

static void append(struct list *l, uint32_t word, const struct rkn_point *p)
{
	if (!CHANGE(*word_of(l), word, word + 1))
		return;
	WRITE_ONCE(l->last.time_ns, p->time_ns);
	WRITE_ONCE(l->last.births, p->births);
	WRITE_ONCE(l->last.bytes, p->bytes);
	l->last.allocated_bytes = p->allocated_bytes;
}

/* --- Key frames ------------------------------------------------------------------ */

struct rows {
	struct rkn_key_row *list, others;
	uint32_t first; /* in the table: only what is written is made ready */
	uint32_t count;
	uint64_t least; /* bytes of a row */
};

static void add_others(struct rows *r, uint64_t blocks, uint64_t bytes)
{
	const uint64_t sum = r->others.blocks + blocks;

	r->others.blocks = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	r->others.bytes += bytes;
}

/* Without the smallest, for there are too many. */
static void drop_smallest(struct rows *r)
{
	while (r->count >= STORE_KEY_ROWS_MOST - 1) {
		uint32_t n = 0;

		r->least = r->least ? 2 * r->least : 64;
		for (uint32_t i = 0; i < r->count; i++)
			if (r->list[i].bytes >= r->least)
				r->list[n++] = r->list[i];
			else
				add_others(r, r->list[i].blocks,
					   r->list[i].bytes);
		r->count = n;
	}
}

static void add_row(struct rows *r, uint32_t stack, int64_t blocks,
		    int64_t bytes)
{
	const uint64_t n = bytes > 0 ? (uint64_t)bytes : 0;

	if (blocks <= 0)
		return;
	drop_smallest(r);
	if (n < r->least ||
	    !store_record(STORE_KEY_ROWS, r->first + r->count)) {
		add_others(r, (uint64_t)blocks, n);
		return;
	}
	r->list[r->count++] = (struct rkn_key_row){
		stack, blocks < UINT32_MAX ? (uint32_t)blocks : UINT32_MAX, n
	};
}

static void add_counter(uint32_t i, const struct store_counter *c)
{
	timeline.sums[i].blocks +=
	    (int64_t)(READ_ONCE(c->allocations) - READ_ONCE(c->frees));
	timeline.sums[i].bytes += (int64_t)(READ_ONCE(c->allocated_bytes) -
					    READ_ONCE(c->freed_bytes));
}

/* What all threads counted of stacks first .. */
static void add_page(struct rows *r, uint32_t first)
{
	const uint64_t n = areas();

	memset(timeline.sums, 0, sizeof(timeline.sums));
	for (uint64_t k = 1; k < n; k++) {
		const struct store_area *a = store_record(STORE_AREAS, k);
		uint64_t page =
		    a ? READ_ONCE(a->counters[first / STORE_COUNTERS_PER_PAGE])
		      : 0;
		const struct store_counter *c = store_at(page * 4096);

		if (a && !first)
			add_counter(0, &a->rest);
		for (uint32_t i = 0; page && i < STORE_COUNTERS_PER_PAGE; i++)
			add_counter(i, &c[i]);
	}
	for (uint32_t i = 0; i < STORE_COUNTERS_PER_PAGE; i++)
		add_row(r, first + i, timeline.sums[i].blocks,
			timeline.sums[i].bytes);
}

/* A place for rows that no key frame has. */
static uint32_t free_place(void)
{
	const struct list *l = &timeline.keys;
	const uint32_t word = *word_of(l), count = count_of(l, word);
	uint64_t taken = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct rkn_key *k =
		    store_record(l->table, first_of(l, word) + i);

		taken |= 1ull << (k ? k->first / STORE_KEY_ROWS_MOST : 0) %
				     STORE_KEY_PLACES;
	}
	static_assert(STORE_KEYS_MOST < STORE_KEY_PLACES, "one is free");
	return (uint32_t)__builtin_ctzll(~taken);
}

static void take_key(void *point)
{
	const struct store_table *t = &store.header->tables[STORE_KEY_ROWS];
	const struct rkn_point *p = point;
	const uint64_t since = ticks_exact();
	const uint64_t stacks =
	    READ_ONCE(store.header->tables[STORE_STACKS].count);
	struct rows r = { .others.stack = RKN_NONE };
	uint32_t word;
	struct rkn_key *key = room(&timeline.keys, &word);

	if (!key || !store_place(STORE_KEY_ROWS,
				 STORE_KEY_PLACES * STORE_KEY_ROWS_MOST))
		return;
	r.first = free_place() * STORE_KEY_ROWS_MOST;
	r.list = store_at(t->offset + r.first * sizeof(*r.list));
	for (uint64_t i = 0; i < stacks; i += STORE_COUNTERS_PER_PAGE)
		add_page(&r, (uint32_t)i);
	if (r.others.blocks && store_record(STORE_KEY_ROWS, r.first + r.count))
		r.list[r.count++] = r.others;
	*key =
	    (struct rkn_key){ .point = *p, .first = r.first, .rows = r.count };
	key->point.most = p->bytes;
	key->point.least = r.others.blocks ? r.least : p->bytes;
	append(&timeline.keys, word, p);
	timeline.key_cost = ticks_exact() - since;
}

static bool key_is_due(const struct rkn_point *p)
{
	const struct list *l = &timeline.keys;
	const struct rkn_point *last = &l->last;

	return p->time_ns - last->time_ns >= KEY_SHARE * timeline.key_cost &&
	       (is_ahead(last->time_ns, p->time_ns, l->step.time_ns) ||
		is_ahead(last->births, p->births, l->step.births) ||
		is_ahead(volume(last), volume(p), l->step.volume));
}

/* --- Points ---------------------------------------------------------------------- */

bool timeline_moved(int64_t bytes)
{
	const int64_t more =
	    bytes - (int64_t)READ_ONCE(timeline.points.last.bytes);
	const uint64_t far = READ_ONCE(timeline.points.step.volume);

	return (uint64_t)(more < 0 ? -more : more) >= far;
}

static uint64_t not_negative(int64_t bytes)
{
	return bytes > 0 ? (uint64_t)bytes : 0;
}

bool timeline_is_extreme(int64_t bytes)
{
	const uint64_t alive = not_negative(bytes);

	return areas() <= TIMELINE_MANY && (alive > READ_ONCE(timeline.most) ||
					    alive < READ_ONCE(timeline.least));
}

bool timeline_look(uint64_t births, int64_t bytes)
{
	const struct list *l = &timeline.points;
	const uint64_t last = READ_ONCE(l->last.time_ns);
	const uint64_t alive = not_negative(bytes);
	const bool many = areas() > TIMELINE_MANY;
	uint64_t now;

	if (!timeline_tick(births))
		return false;
	now = timeline_now();
	if (!many && alive > READ_ONCE(timeline.most))
		WRITE_ONCE(timeline.most, alive);
	if (!many && alive < READ_ONCE(timeline.least))
		WRITE_ONCE(timeline.least, alive);
	if (many && !is_ahead(last, now, areas() * 16384))
		return false;
	return timeline_moved(bytes) ||
	       is_ahead(last, now, READ_ONCE(l->step.time_ns)) ||
	       is_ahead(READ_ONCE(l->last.births), births,
			READ_ONCE(l->step.births));
}

static uint64_t not_below(uint64_t n, uint64_t least)
{
	return n > least ? n : least;
}

static struct rkn_point sum(uint64_t births, int64_t bytes)
{
	const struct rkn_point *last = &timeline.points.last;
	const uint64_t n = areas(), alive = not_negative(bytes);
	uint64_t frees = 0;
	struct rkn_point p = {
		.time_ns = not_below(since_start(ticks_exact()), last->time_ns),
		.births = not_below(births, last->births),
		.bytes = alive,
		.most = not_below(READ_ONCE(timeline.most), alive),
		.least = READ_ONCE(timeline.least),
	};

	if (p.least > alive)
		p.least = alive;
	for (uint64_t i = 1; i < n; i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);

		if (!a)
			continue;
		p.allocations += READ_ONCE(a->allocations);
		p.allocated_bytes += READ_ONCE(a->allocated_bytes);
		frees += READ_ONCE(a->frees);
	}
	p.blocks = p.allocations > frees ? p.allocations - frees : 0;
	return p;
}

void timeline_take(uint64_t births, int64_t bytes)
{
	const uint64_t now = timeline_now() + 1;
	uint64_t held = READ_ONCE(timeline.held);
	struct rkn_point *to, p;
	uint32_t word;

	if ((held && !is_ahead(held, now, HELD_MOST)) ||
	    !CHANGE(timeline.held, held, now))
		return;
	held = now;
	to = room(&timeline.points, &word);
	if (to) {
		p = *to = sum(births, bytes);
		timeline_set_now(p.time_ns);
		WRITE_ONCE(timeline.most, 0);
		WRITE_ONCE(timeline.least, UINT64_MAX);
		append(&timeline.points, word, &p);
		if (key_is_due(&p))
			aside(take_key, &p);
	}
	CHANGE(timeline.held, held, 0);
}
