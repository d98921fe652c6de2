/* SPDX-License-Identifier: MIT */
#include "gone.h"

#include "memory.h"
#include "own_memory.h"
#include "picture.h"
#include "shadow.h"
#include "thread.h"

#define PAGE     4096ull
#define RANGES   64             /* of memory; neighbours are one */
#define POINTERS (512ull << 10) /* noted at most */
#define AT_ONCE  16             /* pages */

/* Bytes that may be searched in vain: some, and some for each allocation, so
 * that a program that maps and unmaps all the time is not slowed down. */
#define IN_VAIN    (64ull << 20)
#define FOR_BIRTHS 16

/* What an interpreter frees when its heap has gone, as the heap's own lists. A
 * program that frees more goes on. */
#define FREES 32

struct range {
	uint64_t start, end; /* 0: not used */
};

/* How far the program had come: the same if nothing was allocated in between,
 * and little freed. */
struct moment {
	uint64_t births;
	uint64_t extra; /* of the thread, exactly; as is the next */
	uint64_t frees;
	uint32_t thread;
};

static uint32_t busy; /* 1: a thread has what follows; others go without */
static struct range ranges[RANGES];
static uint64_t *pointers; /* to starts of blocks; NULL: none yet */
static uint64_t count;
static struct moment last;
static uint64_t searched, in_vain; /* bytes: since `last`, and before */
static APART uint64_t words[PAGE / 8];

static bool take(void)
{
	return READ_ONCE(process_page.epoch) &&
	       !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE);
}

static void give_back(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static struct moment moment_of(const struct thread *t)
{
	struct moment m = { READ_ONCE(store.header->births), 0, 0, 0 };

	if (t) {
		m.extra = t->extra;
		m.frees = READ_ONCE(t->area->frees);
		m.thread = t->number;
	}
	return m;
}

static bool moment_is_last(const struct moment *m)
{
	return m->births == last.births && m->extra == last.extra &&
	       m->thread == last.thread && m->frees - last.frees <= FREES;
}

/* --- Memory that is known to be anonymous ---------------------------------------- */

static void ranges_add(uint64_t start, uint64_t end)
{
	struct range *r = NULL;

	for (unsigned i = 0; i < RANGES; i++) {
		if (ranges[i].end && ranges[i].end == start)
			start = ranges[i].start;
		else if (ranges[i].end && ranges[i].start == end)
			end = ranges[i].end;
		else if (ranges[i].end)
			continue;
		ranges[i] = (struct range){ 0, 0 };
		r = &ranges[i];
	}
	if (r)
		*r = (struct range){ start, end };
}

static void ranges_remove(uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < RANGES; i++) {
		struct range r = ranges[i];

		if (r.start >= end || r.end <= start)
			continue;
		ranges[i] = (struct range){ 0, 0 };
		if (r.start < start)
			ranges[i] = (struct range){ r.start, start };
		if (r.end > end)
			ranges_add(end, r.end);
	}
}

void gone_mapped(uint64_t start, uint64_t size, bool anonymous)
{
	uint64_t end = (start + size + PAGE - 1) & ~(PAGE - 1);

	if (!take())
		return;
	ranges_remove(start, end);
	if (anonymous)
		ranges_add(start, end);
	give_back();
}

/* --- What it holds ----------------------------------------------------------------- */

/* The kernel refuses to read what would fault. */
static void search_page(uint64_t page)
{
	if (!memory_peek(words, page, PAGE))
		return;
	searched += PAGE;
	for (unsigned i = 0; i < PAGE / 8; i++) {
		uint64_t word = words[i];
		const uint64_t *head;

		if (word & ((1ull << shadow.granule_shift) - 1) || word < PAGE)
			continue;
		head = shadow_head_at(word);
		if (!head || !shadow_is_live(READ_ONCE(*head)) ||
		    count == POINTERS || (count && pointers[count - 1] == word))
			continue;
		pointers[count++] = word;
	}
}

/* Notes the pointers in it, if that is worth while. True: it holds some, or may.
 * What was noted before an allocation was not the end. */
static bool note_range(const struct range *r)
{
	struct moment now = moment_of(thread_attached());
	uint64_t before;
	unsigned char there[AT_ONCE];

	if (!pointers)
		pointers = own_memory_map(POINTERS * sizeof(*pointers));
	if (!moment_is_last(&now)) {
		count = 0;
		in_vain += searched;
		searched = 0;
		last = now;
	}
	if (!pointers || in_vain + searched + (r->end - r->start) >
			     IN_VAIN + FOR_BIRTHS * now.births)
		return true;
	before = count;
	/* Pages that were never touched hold nothing. */
	for (uint64_t at = r->start; at < r->end; at += AT_ONCE * PAGE) {
		uint64_t n = (r->end - at) / PAGE;

		n = n < AT_ONCE ? n : AT_ONCE;
		if (sys_resident(at, n * PAGE, there))
			continue;
		for (uint64_t i = 0; i < n; i++)
			if (there[i] & 1)
				search_page(at + i * PAGE);
	}
	return count > before || count == POINTERS;
}

void gone_unmapping(uint64_t start, uint64_t size)
{
	uint64_t end = (start + size + PAGE - 1) & ~(PAGE - 1);

	if (start % PAGE || end < start || !take())
		return;
	for (unsigned i = 0; i < RANGES; i++) {
		struct range r = ranges[i];

		r.start = r.start > start ? r.start : start;
		r.end = r.end < end ? r.end : end;
		if (r.start < r.end && note_range(&r))
			last.frees = moment_of(thread_attached()).frees;
	}
	ranges_remove(start, end);
	give_back();
}

void gone_search(struct picture *p)
{
	struct moment now =
	    moment_of(last.thread ? thread_at(last.thread) : NULL);

	if (!moment_is_last(&now))
		return;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t offset;
		uint32_t b = blocks_find(&p->blocks, pointers[i], &offset);
		struct rkn_root *r;

		if (b == BLOCKS_NONE || offset)
			continue;
		r = picture_list_add(&p->roots);
		if (!r)
			return;
		*r = (struct rkn_root){ .block = b,
					.kind = RKN_ROOT_GONE,
					.owner = RKN_NONE };
	}
}

void gone_reset(void)
{
	count = searched = in_vain = 0;
	last = (struct moment){ 0 };
	give_back();
}
