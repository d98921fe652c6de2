/* SPDX-License-Identifier: MIT */
#include "mapped.h"

#include "sys.h"
#include "thread.h"
#include "walk.h"

#define PAGE     4096ull
#define PLACES   1024u   /* of sites, by stack; more than there are sites */
#define PATIENCE 1000u   /* looks for the other thread to be done */
#define RESTS    5000u   /* waits so often, .. */
#define REST_NS  200000u /* .. so long, if it is not */
#define VAIN     3u /* waits for the same thread, and it is not waited for */
#define LATER    64u

/* Which thread has what follows, and the tables: its area's number, and above
 * it another number each time. 0: none has. */
static uint64_t busy;
static uint64_t waited; /* for whom a thread waited in vain last .. */
static uint32_t vain;   /* .. and how often */
static uint32_t times;  /* it was taken */

static uint32_t root;           /* of the tree of records; 0: it is empty */
static uint32_t unused;         /* the first free record; 0: none */
static uint16_t places[PLACES]; /* a site; 0: free */
static uint64_t moment;         /* rises with each record */

/* What was unmapped while nothing could be changed: who has it next does it. */
static struct later {
	uint64_t start, end, moment;
	enum { LATER_FREE, LATER_TAKEN, LATER_READY } state;
} later[LATER];
static bool is_later; /* some may be ready */

static COLD void miss(int calls)
{
	struct rkn_mapped_site *all = store_record(STORE_SITES, 0);

	if (all)
		__atomic_fetch_add(&all->missed, (uint64_t)calls,
				   __ATOMIC_RELAXED);
}

static COLD void missed(void)
{
	miss(1);
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

static struct store_mapped_place *place_of(uint32_t number)
{
	return (struct store_mapped_place *)store_at(
		   store.header->tables[STORE_MAPPED_PLACES].offset) +
	       number;
}

/* Mappings do not overlap. The tree is a treap: by their addresses, and as if
 * they had come in the order of this number, which is as good as any. */
static uint32_t rank(uint32_t number)
{
	return number * 0x9e3779b1u;
}

static void link_in(uint32_t number)
{
	const uint64_t start = record(number)->start;
	uint32_t *at = &root, *less = &place_of(number)->less,
		 *more = &place_of(number)->more, rest;

	while (*at && rank(*at) > rank(number))
		at = record(*at)->start < start ? &place_of(*at)->more
						: &place_of(*at)->less;
	/* What was there is divided. */
	rest = *at;
	*at = number;
	while (rest) {
		if (record(rest)->start < start) {
			*less = rest;
			less = &place_of(rest)->more;
			rest = *less;
		} else {
			*more = rest;
			more = &place_of(rest)->less;
			rest = *more;
		}
	}
	*less = *more = 0;
}

static void link_out(uint32_t number)
{
	const uint64_t start = record(number)->start;
	uint32_t less = place_of(number)->less, more = place_of(number)->more,
		 *at = &root;

	while (*at && *at != number)
		at = record(*at)->start < start ? &place_of(*at)->more
						: &place_of(*at)->less;
	if (!*at)
		return;
	/* What was below it becomes one. */
	while (less && more) {
		if (rank(less) > rank(more)) {
			*at = less;
			at = &place_of(less)->more;
			less = *at;
		} else {
			*at = more;
			at = &place_of(more)->less;
			more = *at;
		}
	}
	*at = less ? less : more;
}

/* The first one that ends behind `address`; 0: none. */
static uint32_t find(uint64_t address)
{
	uint32_t found = 0, number = root;

	while (number)
		if (record(number)->end > address) {
			found = number;
			number = place_of(number)->less;
		} else {
			number = place_of(number)->more;
		}
	return found;
}

/* False: there is no room. */
static bool put(const struct store_mapped *from, uint64_t born)
{
	struct store_table *t = &store.header->tables[STORE_MAPPED];
	struct store_mapped whole = *from, *m;
	uint32_t number = unused;

	whole.site = 0;
	if (number) {
		m = record(number);
		unused = m->next;
	} else {
		number = (uint32_t)t->count;
		m = store_record(STORE_MAPPED, number);
		if (!m || !store_record(STORE_MAPPED_PLACES, number))
			return false;
		t->count++;
	}
	*m = whole;
	/* By its site mend() sees that it is. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(m->site, from->site);
	place_of(number)->born = born;
	link_in(number);
	count(m->site, 1, m->end - m->start);
	return true;
}

static void drop(uint32_t number)
{
	struct store_mapped *m = record(number);

	link_out(number);
	count(m->site, -1, m->start - m->end);
	WRITE_ONCE(m->site, 0);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
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
	const uint64_t born = place_of(number)->born;
	struct store_mapped part = was;

	drop(number);
	part.end = start;
	part.behind = more_pages(was.behind, was.end - start);
	if (was.start < start && !put(&part, born))
		missed();
	part.start = end;
	part.end = was.end;
	part.before = more_pages(was.before, end - was.start);
	part.behind = was.behind;
	if (end < was.end && !put(&part, born))
		missed();
}

/* Takes that out of all mappings that were there at that moment; what came since
 * is there. Returns the flags of the first one. */
static uint32_t cut_all(uint64_t start, uint64_t end, uint64_t since)
{
	uint32_t flags = 0, number;
	uint64_t at = start;

	while ((number = find(at)) && record(number)->start < end) {
		const struct store_mapped *m = record(number);

		at = m->end;
		if (place_of(number)->born > since)
			continue;
		if (!flags)
			flags = m->flags;
		cut(number, m->start > start ? m->start : start,
		    m->end < end ? m->end : end);
	}
	return flags;
}

/* --- Who has it ---------------------------------------------------------------- */

/*
 * Signals are held from before a thread enters. Else a handler might fork, and its
 * child return into the change: the tables are still the parent's, which makes the
 * same one; or it might leave by longjmp().
 *
 * A thread left in the middle of a change for good, or where a filter forbids to
 * hold signals: what it has written is whole, but for the last record, and the rest
 * is made from that.
 */
static COLD void mend(void)
{
	const uint64_t sites = store.header->tables[STORE_SITES].count;
	const uint64_t n = store.header->tables[STORE_MAPPED].count;

	for (uint32_t i = 0; i < sites; i++)
		site_at(i)->live_bytes = site_at(i)->live = 0;
	root = unused = 0;
	for (uint32_t i = 1; i < n; i++) {
		struct store_mapped *m = record(i);
		uint32_t behind = find(m->start);

		if (m->site && m->site < sites && m->end > m->start &&
		    (!behind || record(behind)->start >= m->end)) {
			link_in(i);
			count(m->site, 1, m->end - m->start);
		} else {
			*m = (struct store_mapped){ .next = unused };
			unused = i;
		}
	}
	WRITE_ONCE(is_later, true);
	missed();
}

static COLD bool take_slowly(const struct thread *t, uint64_t mine)
{
	uint64_t was = READ_ONCE(busy);
	const bool is_vain =
	    was && was == READ_ONCE(waited) && READ_ONCE(vain) >= VAIN;

	for (unsigned i = 0; i < (is_vain ? 1 : PATIENCE + RESTS); i++) {
		/* With fewer processors than threads the other may not run. */
		if (i >= PATIENCE)
			sys_rest(REST_NS);
		was = 0;
		if (CHANGE(busy, was, mine))
			return true;
		if (thread_has_left(t, (uint32_t)was) &&
		    CHANGE(busy, was, mine)) {
			mend();
			return true;
		}
		sys_pause();
	}
	if (was && !thread_is_there((uint32_t)was) && CHANGE(busy, was, mine)) {
		mend();
		return true;
	}
	WRITE_ONCE(vain, was == READ_ONCE(waited) ? READ_ONCE(vain) + 1 : 0);
	WRITE_ONCE(waited, was);
	return false;
}

static void give_back(void)
{
	STORE_RELEASE(busy, 0);
}

static COLD void do_later(void)
{
	WRITE_ONCE(is_later, false);
	for (unsigned i = 0; i < LATER; i++) {
		struct later *l = &later[i];

		if (LOAD_ACQUIRE(l->state) != LATER_READY)
			continue;
		cut_all(l->start, l->end, l->moment);
		miss(-1);
		STORE_RELEASE(l->state, LATER_FREE);
	}
}

static bool take(const struct thread *t)
{
	const uint64_t mine =
	    (uint64_t)__atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) << 32 |
	    t->number;
	uint64_t none = 0;

	if (unlikely(!CHANGE(busy, none, mine)) && !take_slowly(t, mine))
		return false;
	if (unlikely(READ_ONCE(is_later)))
		do_later();
	return true;
}

/* Until then it counts as missed. */
static COLD void cut_later(uint64_t start, uint64_t end, uint64_t since)
{
	missed();
	for (unsigned i = 0; i < LATER; i++) {
		struct later *l = &later[i];
		uint32_t seen = LATER_FREE;

		if (!CHANGE(l->state, seen, LATER_TAKEN))
			continue;
		l->start = start;
		l->end = end;
		l->moment = since;
		STORE_RELEASE(l->state, LATER_READY);
		WRITE_ONCE(is_later, true);
		return;
	}
}

/* --- Calls ----------------------------------------------------------------------- */

/* Whether a mapping is known at all; most programs make none. */
static bool is_any(void)
{
	return READ_ONCE(process_page.epoch) &&
	       READ_ONCE(store.header->tables[STORE_MAPPED].count) > 1;
}

static COLD void miss_mapping(uint64_t start, uint64_t end)
{
	missed();
	if (is_any())
		cut_later(start, end, READ_ONCE(moment));
}

/* Apart from mapped_add(), whose frame is below a whole walk. */
static NOINLINE void add(const struct thread *t, uint64_t start, uint64_t end,
			 uint32_t flags, uint32_t stack)
{
	struct store_mapped m = {
		.start = start, .end = end, .flags = flags, .thread = t->serial
	};

	if (!take(t)) {
		miss_mapping(start, end);
		return;
	}
	m.site = site_of(stack);
	/* What else was there is not any longer. */
	cut_all(start, end, moment);
	WRITE_ONCE(moment, moment + 1);
	if (m.site && put(&m, moment))
		count_call(m.site, end - start);
	else
		missed();
	give_back();
}

struct inside {
	struct thread *thread; /* NULL: it is elsewhere in refknot */
	uint64_t signals;      /* as they were */
	bool held;
};

static struct inside enter(const void *frame)
{
	struct inside in;

	in.held = !sys_block_signals(&in.signals);
	in.thread = thread_enter(frame);
	return in;
}

static void leave(const struct inside *in)
{
	if (in->thread)
		thread_leave(in->thread);
	if (in->held)
		sys_restore_signals(&in->signals);
}

void mapped_add(uint64_t start, uint64_t size, uint32_t flags,
		const void *frame)
{
	const uint64_t end =
	    flags & RKN_MAPPED_BREAK ? start + size : end_of(start, size);
	struct inside in;

	if (!READ_ONCE(process_page.epoch) || end <= start)
		return;
	in = enter(frame);
	if (in.thread)
		add(in.thread, start, end, flags,
		    shadow_stack(walk_from(in.thread, frame)->head));
	else if (!READ_ONCE(process_over))
		miss_mapping(start, end);
	leave(&in);
}

static uint32_t remove_range(uint64_t start, uint64_t end, uint64_t since)
{
	const struct inside in = enter(NULL);
	uint32_t flags = 0;

	if (in.thread && take(in.thread)) {
		flags = cut_all(start, end, since);
		give_back();
	} else if (in.thread || !READ_ONCE(process_over)) {
		cut_later(start, end, since);
	}
	leave(&in);
	return flags;
}

uint64_t mapped_moment(void)
{
	return READ_ONCE(moment);
}

uint32_t mapped_remove(uint64_t start, uint64_t size, uint64_t since)
{
	const uint64_t end = end_of(start, size);

	if (start >= end || start % PAGE || !is_any())
		return 0;
	return remove_range(start, end, since);
}

void mapped_break(uint64_t before, uint64_t after, const void *frame)
{
	if (after > before)
		mapped_add(before, after - before, RKN_MAPPED_BREAK, frame);
	else if (after < before && is_any())
		remove_range(after, before, mapped_moment());
}

void mapped_settle(void)
{
	struct inside in;

	if (!READ_ONCE(is_later))
		return;
	in = enter(NULL);
	if (in.thread && take(in.thread))
		give_back();
	leave(&in);
}

bool mapped_settled(void)
{
	return !READ_ONCE(busy);
}

void mapped_reset(void)
{
	/* Pages that hold zeros are not touched. */
	for (unsigned i = 0; i < PLACES; i++)
		if (places[i])
			places[i] = 0;
	for (unsigned i = 0; i < LATER; i++)
		if (later[i].state)
			later[i].state = LATER_FREE;
	root = unused = 0;
	is_later = false;
	give_back();
}
