/* SPDX-License-Identifier: MIT */
#include "members.h"

#include "ordered.h"
#include "own_memory.h"
#include "thread.h"

struct row {
	struct ordered *list;
	uint32_t count;
};

/* `all` has thread pointers of ended threads, too. */
static struct row tids, lows, pointers, signals, all, serials;
static const struct stop *members;

static bool make(struct row *r, uint64_t most)
{
	r->count = 0;
	r->list = own_memory_map((most + 1) * sizeof(*r->list));
	return r->list;
}

static void add(struct row *r, uint64_t key, uint64_t value)
{
	if (key)
		r->list[r->count++] = (struct ordered){ key, value };
}

static void sort(struct row *r)
{
	ordered_sort(r->list, r->count);
}

bool members_init(const struct stop *s)
{
	struct row *const by_thread[] = { &tids, &lows, &pointers, &signals };
	uint32_t count = 0;
	uint64_t at;

	for (uint32_t i = 0; thread_pointers_next(&i);)
		count++;
	members = s;
	for (unsigned i = 0; i < sizeof(by_thread) / sizeof(*by_thread); i++)
		if (!make(by_thread[i], s->count))
			return false;
	if (!make(&all, count) || !make(&serials, thread_numbers()))
		return false;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct stopped *t = &s->threads[i];

		add(&tids, t->tid, i);
		add(&lows, t->low, i);
		add(&pointers, t->pointer, i);
		add(&signals, t->alternate, i);
	}
	for (unsigned i = 0; i < sizeof(by_thread) / sizeof(*by_thread); i++)
		sort(by_thread[i]);
	for (uint32_t i = 0; (at = thread_pointers_next(&i));)
		add(&all, at, 0);
	sort(&all);
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);

		if (a)
			add(&serials, a->tid, a->serial);
	}
	sort(&serials);
	return true;
}

/* The first of `r` in start .. end-1; NULL. */
static const struct ordered *first_in(const struct row *r, uint64_t start,
				      uint64_t end)
{
	uint32_t i = ordered_from(r->list, r->count, start);

	return i < r->count && r->list[i].key < end ? &r->list[i] : NULL;
}

const struct stopped *members_find(uint32_t tid)
{
	const struct ordered *o = first_in(&tids, tid, tid + 1ull);

	return o ? &members->threads[o->value] : NULL;
}

const struct stopped *members_on(uint64_t start, uint64_t end)
{
	const struct ordered *o = first_in(&lows, start, end);

	return o ? &members->threads[o->value] : NULL;
}

bool members_point_at(uint64_t pointer)
{
	return first_in(&pointers, pointer, pointer + 1);
}

const struct stopped *members_pointing(uint64_t start, uint64_t end)
{
	const struct ordered *o = first_in(&pointers, start, end);

	return o ? &members->threads[o->value] : NULL;
}

bool members_signals_in(uint64_t start, uint64_t end)
{
	return first_in(&signals, start, end);
}

uint32_t members_pointers(uint64_t start, uint64_t end, uint64_t *first)
{
	uint32_t from = ordered_from(all.list, all.count, start);
	uint32_t to = ordered_from(all.list, all.count, end);

	*first = from < to ? all.list[from].key : 0;
	return to - from;
}

uint32_t members_serial(uint32_t tid)
{
	const struct ordered *o = first_in(&serials, tid, tid + 1ull);

	return o ? (uint32_t)o->value : RKN_NONE;
}

/* A bit for each serial of a thread that runs; NULL: there was no room. */
static uint8_t *running;

/* Areas of threads that have ended count, too; so do their blocks. */
bool members_run(void)
{
	bool any = members->running;

	for (uint32_t i = 0; i < members->count; i++)
		any |= members->threads[i].left;
	if (!any)
		return false;
	running = own_memory_map(STORE_THREAD_MAX / 8 + 1);
	for (uint32_t i = 1; running && i < thread_numbers(); i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);
		const struct stopped *t;
		uint32_t tid;

		if (!a || !thread_is_there(i) || a->serial >= STORE_THREAD_MAX)
			continue;
		tid = __atomic_load_n(&a->tid, __ATOMIC_ACQUIRE);
		t = members_find(tid);
		if (tid && (!t || t->left))
			running[a->serial / 8] |=
			    (uint8_t)(1u << a->serial % 8);
	}
	return true;
}

bool members_may_hold(const struct blocks *b, uint32_t i)
{
	const uint64_t *slot = shadow_head_at(store_block_address(&b->list[i]));
	const uint64_t head = slot ? READ_ONCE(slot[0]) : 0;
	const uint64_t extra = blocks_extra(b, i);
	const uint32_t thread = extra >> STORE_THREAD_SHIFT & STORE_THREAD_MAX;

	if (!running || !thread || thread >= STORE_THREAD_MAX ||
	    running[thread / 8] >> thread % 8 & 1)
		return true;
	/* Not live any longer, or another block by now. */
	return !shadow_is_live(head) || !(head & STORE_EXTRA) ||
	       shadow_birth(READ_ONCE(slot[1])) != shadow_birth(extra);
}
