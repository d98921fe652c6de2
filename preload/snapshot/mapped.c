/* SPDX-License-Identifier: MIT */
#include "mapped.h"

#include "sys.h"
#include "thread.h"
#include "walk.h"

#define PAGE     4096ull
#define BUCKETS  1024u /* of mappings, by their first page */
#define PLACES   1024u /* of sites, by stack; more than there are sites */
#define PATIENCE 1000u /* looks for the other thread to be done */

static uint32_t busy; /* 1: a thread has what follows, and both tables */
static uint32_t buckets[BUCKETS]; /* the first record; 0: none */
static uint32_t unused;           /* the first free record; 0: none */
static uint16_t places[PLACES];   /* a site; 0: free */

static bool take(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (!__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
			return true;
		sys_pause();
	}
	return false;
}

static void give_back(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static COLD void missed(void)
{
	struct rkn_mapped_site *all = store_record(STORE_SITES, 0);

	if (all)
		__atomic_fetch_add(&all->missed, 1, __ATOMIC_RELAXED);
}

static uint64_t end_of(uint64_t start, uint64_t size)
{
	return (start + size + PAGE - 1) & ~(PAGE - 1);
}

/* --- Sites -------------------------------------------------------------------- */

/* What is handed out is ready. */
static struct rkn_mapped_site *site_at(uint32_t number)
{
	return (struct rkn_mapped_site *)store_at(
		   store.header->tables[STORE_SITES].offset) +
	       number;
}

/* Record 0 has the sums of all. */
static void count(uint32_t site, int mappings, uint64_t bytes)
{
	struct rkn_mapped_site *const both[] = { site_at(site), site_at(0) };

	for (unsigned i = 0; i < 2; i++) {
		struct rkn_mapped_site *s = both[i];

		s->live += (uint32_t)mappings;
		s->live_bytes += bytes;
		if (mappings > 0 && s->live_bytes > s->peak_bytes)
			s->peak_bytes = s->live_bytes;
	}
}

static void count_call(uint32_t site, uint64_t bytes)
{
	struct rkn_mapped_site *const both[] = { site_at(site), site_at(0) };

	for (unsigned i = 0; i < 2; i++) {
		both[i]->calls++;
		both[i]->bytes += bytes;
	}
}

/* The site of that stack; 0: there is no room. */
static uint32_t site_of(uint32_t stack)
{
	struct store_table *t = &store.header->tables[STORE_SITES];
	uint32_t at = stack * 0x9e3779b1u >> 22;
	struct rkn_mapped_site *s;

	static_assert(PLACES == 1 << (32 - 22), "a place for each hash");
	for (; places[at]; at = (at + 1) % PLACES)
		if (site_at(places[at])->stack == stack)
			return places[at];
	if (t->count >= PLACES / 2 || !store_record(STORE_SITES, 0))
		return 0;
	s = store_record(STORE_SITES, t->count);
	if (!s)
		return 0;
	*s = (struct rkn_mapped_site){ .stack = stack };
	places[at] = (uint16_t)t->count++;
	return places[at];
}

/* --- Mappings ------------------------------------------------------------------ */

static struct store_mapped *record(uint32_t number)
{
	return (struct store_mapped *)store_at(
		   store.header->tables[STORE_MAPPED].offset) +
	       number;
}

static uint32_t *bucket_of(uint64_t start)
{
	return &buckets[(start / PAGE * 0x9e3779b97f4a7c15ull) >> 54];
}
static_assert(BUCKETS == 1 << (64 - 54), "a bucket for each hash");

static void link_in(uint32_t number)
{
	struct store_mapped *m = record(number);
	uint32_t *bucket = bucket_of(m->start);

	m->next = *bucket;
	*bucket = number;
}

static void link_out(uint32_t number)
{
	struct store_mapped *m = record(number);
	uint32_t *at = bucket_of(m->start);

	while (*at && *at != number)
		at = &record(*at)->next;
	if (*at)
		*at = m->next;
}

/* False: there is no room. */
static bool put(const struct store_mapped *from)
{
	struct store_table *t = &store.header->tables[STORE_MAPPED];
	uint32_t number = unused;
	struct store_mapped *m;

	if (number) {
		m = record(number);
		unused = m->next;
	} else {
		number = (uint32_t)t->count;
		m = store_record(STORE_MAPPED, number);
		if (!m)
			return false;
		t->count++;
	}
	*m = *from;
	link_in(number);
	count(m->site, 1, m->end - m->start);
	return true;
}

static void drop(uint32_t number)
{
	struct store_mapped *m = record(number);

	link_out(number);
	count(m->site, -1, m->start - m->end);
	*m = (struct store_mapped){ .next = unused };
	unused = number;
}

static uint32_t more_pages(uint32_t pages, uint64_t bytes)
{
	const uint64_t sum = pages + bytes / PAGE;

	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* Takes [start, end) out of the mapping. */
static void cut(uint32_t number, uint64_t start, uint64_t end)
{
	const struct store_mapped was = *record(number);
	struct store_mapped part = was;

	drop(number);
	part.end = start;
	part.behind = more_pages(was.behind, was.end - start);
	if (was.start < start && !put(&part))
		missed();
	part.start = end;
	part.end = was.end;
	part.before = more_pages(was.before, end - was.start);
	part.behind = was.behind;
	if (end < was.end && !put(&part))
		missed();
}

/* What is unmapped is most often one mapping as it was made. */
static uint32_t find(uint64_t start, uint64_t end)
{
	uint32_t number = *bucket_of(start);

	while (number &&
	       (record(number)->start != start || record(number)->end != end))
		number = record(number)->next;
	return number;
}

static void cut_all(uint64_t start, uint64_t end)
{
	const uint64_t n = store.header->tables[STORE_MAPPED].count;

	for (uint32_t i = 1; i < n; i++) {
		const struct store_mapped *m = record(i);

		if (m->start < end && m->end > start)
			cut(i, m->start > start ? m->start : start,
			    m->end < end ? m->end : end);
	}
}

/* --- Calls ----------------------------------------------------------------------- */

void mapped_add(uint64_t start, uint64_t size, uint32_t flags,
		const void *frame)
{
	struct store_mapped m = { .start = start };
	struct thread *t;
	uint32_t stack;

	m.end = flags & RKN_MAPPED_BREAK ? start + size : end_of(start, size);
	if (!READ_ONCE(process_page.epoch) || m.end <= start)
		return;
	t = thread_enter(frame);
	if (!t) {
		if (!READ_ONCE(process_over))
			missed();
		return;
	}
	stack = shadow_stack(walk_from(t, frame)->head);
	m.flags = flags;
	m.thread = t->serial;
	if (take()) {
		m.site = site_of(stack);
		if (flags & RKN_MAPPED_FIXED)
			cut_all(start, m.end);
		if (m.site && put(&m))
			count_call(m.site, m.end - start);
		else
			missed();
		give_back();
	} else {
		missed();
	}
	thread_leave(t);
}

/* Whether a mapping is known at all; most programs make none. */
static bool is_any(void)
{
	return READ_ONCE(process_page.epoch) &&
	       READ_ONCE(store.header->tables[STORE_MAPPED].count) > 1;
}

static void remove_range(uint64_t start, uint64_t end, struct mapped_cut *cut)
{
	struct thread *t = thread_enter(NULL);
	uint32_t number;

	if (!t)
		return;
	if (take()) {
		number = find(start, end);
		if (number) {
			const struct store_mapped *m = record(number);

			*cut =
			    (struct mapped_cut){ m->site, m->flags, m->thread };
			drop(number);
		} else {
			cut_all(start, end);
		}
		give_back();
	} else {
		missed();
	}
	thread_leave(t);
}

void mapped_remove(uint64_t start, uint64_t size, struct mapped_cut *cut)
{
	const uint64_t end = end_of(start, size);

	*cut = (struct mapped_cut){ 0 };
	if (start < end && start % PAGE == 0 && is_any())
		remove_range(start, end, cut);
}

void mapped_break(uint64_t before, uint64_t after, const void *frame)
{
	struct mapped_cut cut;

	if (after > before)
		mapped_add(before, after - before, RKN_MAPPED_BREAK, frame);
	else if (after < before && is_any())
		remove_range(after, before, &cut);
}

void mapped_undo(uint64_t start, uint64_t size, const struct mapped_cut *cut)
{
	const struct store_mapped m = { .start = start,
					.end = end_of(start, size),
					.site = cut->site,
					.thread = cut->thread,
					.flags = cut->flags };
	struct thread *t = cut->site ? thread_enter(NULL) : NULL;

	if (!t)
		return;
	if (take()) {
		if (!put(&m))
			missed();
		give_back();
	} else {
		missed();
	}
	thread_leave(t);
}

bool mapped_settled(void)
{
	return !READ_ONCE(busy);
}

void mapped_reset(void)
{
	/* Pages that hold zeros are not touched. */
	for (unsigned i = 0; i < BUCKETS; i++)
		if (buckets[i])
			buckets[i] = 0;
	for (unsigned i = 0; i < PLACES; i++)
		if (places[i])
			places[i] = 0;
	unused = 0;
	give_back();
}
