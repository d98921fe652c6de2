/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <fcntl.h>

#include "proc.h"
#include "process.h"
#include "sys.h"

#define PAGE   4096
#define SPARSE (64ull << 20) /* less is looked at page by page */

/* So far pages of zeros are asked for at once, and where a program's memory ends
 * for most: the kernel refuses what goes beyond. */
#define SCAN_AHEAD (1ull << 30)
#define ADDRESSES  ((1ull << 47) - PAGE)

#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)
#define GUARD   (1ull << 58) /* MADV_GUARD_INSTALL; reported since Linux 6.15 */
#define OF_FILE (1ull << 61) /* or shared */
#define ALONE   (1ull << 56) /* no other process has it, nor is it the kernel's */

void pages_open_known(struct pages *p)
{
	p->fd = (int)proc_open("thread-self/pagemap", O_RDONLY);
	p->memory = -1;
	p->least = PAGES_BATCH;
	p->count = 0;
	p->touched.start = p->touched.end = 0;
	p->zeros.start = p->zeros.end = 0;
	p->cannot_scan = p->fd < 0;
	p->hole_count = 0;
}

void pages_open(struct pages *p)
{
	pages_open_known(p);
	p->least = PAGES_BATCH / 4;
	p->memory = (int)proc_open("thread-self/mem", O_RDONLY);
}

void pages_close(struct pages *p)
{
	if (p->fd >= 0)
		sys_close(p->fd);
	if (p->memory >= 0)
		sys_close(p->memory);
}

bool pages_known(const struct pages *p)
{
	return p->fd >= 0;
}

static bool is_empty(uint64_t page)
{
	static APART uint64_t words[PAGE / 8];

	if (sys_peek(process.pid, words, page, PAGE) != PAGE)
		return false;
	for (unsigned i = 0; i < PAGE / 8; i++)
		if (words[i])
			return false;
	return true;
}

/* Pages that are there. Empty ones may be the kernel's of zeros, which stands
 * where one was read only, and is none of the mapping's. */
struct resident {
	uint64_t filled, empty;
};

static unsigned char seen[PAGE];

static bool count_resident(uint64_t start, uint64_t end, struct resident *r)
{
	for (uint64_t size; start < end; start += size) {
		size = end - start < sizeof(seen) * PAGE ? end - start
							 : sizeof(seen) * PAGE;
		if (sys_resident(start, size, seen) < 0)
			return false;
		for (uint64_t i = 0; i < size / PAGE; i++) {
			if (!(seen[i] & 1))
				continue;
			if (is_empty(start + i * PAGE))
				r->empty++;
			else
				r->filled++;
		}
	}
	return true;
}

static void add_hole(struct pages *p, uint64_t start, uint64_t end)
{
	if (start >= end || p->hole_count == PAGES_HOLES)
		return;
	p->holes[p->hole_count].start = start;
	p->holes[p->hole_count++].end = end;
}

/* By asking for each page: 0.6 s a TiB. */
static void find_holes(struct pages *p, uint64_t start, uint64_t end)
{
	for (uint64_t at = start, size; at < end; at += size) {
		unsigned any = 0;

		size = end - at < sizeof(seen) * PAGE ? end - at
						      : sizeof(seen) * PAGE;
		if (sys_resident(at, size, seen) < 0)
			return;
		for (uint64_t i = 0; i < size / PAGE; i++)
			any |= seen[i];
		if (!(any & 1))
			continue;
		add_hole(p, start, at);
		start = at + size;
	}
	add_hole(p, start, end);
}

#define HOLE_LEAST (1ull << 30)
#define NEAR       (64ull << 20) /* an arena's */
void pages_note(struct pages *p, uint64_t start, uint64_t end,
		uint64_t resident)
{
	const uint64_t pages = resident / PAGE;
	struct resident r = { 0, 0 };

	if (p->fd >= 0 || p->hole_count == PAGES_HOLES ||
	    end - start < HOLE_LEAST || resident > 2 * NEAR ||
	    !count_resident(start, start + NEAR, &r) ||
	    !count_resident(end - NEAR, end, &r) || r.filled > pages ||
	    r.filled + r.empty < pages)
		return;
	/* Which of the empty ones are the kernel's is not known: others may be
	 * anywhere in their place. */
	if (r.filled == pages)
		add_hole(p, start + NEAR, end - NEAR);
	else
		find_holes(p, start + NEAR, end - NEAR);
}

/* Makes `s` have the page `at`, if it has not: [at, end) or its beginning. */
static bool scan(struct pages *p, struct sys_scan *s, uint64_t at, uint64_t end)
{
	if (at >= s->start && at < s->end)
		return true;
	s->start = at;
	s->end = (end + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (!(s == &p->zeros ? sys_zeros(p->fd, s) : sys_touched(p->fd, s)))
		return true;
	p->cannot_scan = true;
	s->start = s->end = 0;
	return false;
}

static uint64_t next_known(struct pages *p, uint64_t at, uint64_t end)
{
	const struct sys_scan *s = &p->touched;
	uint64_t page = at & ~(uint64_t)(PAGE - 1);

	while (at < end && end - at > SPARSE && !p->cannot_scan) {
		if (!scan(p, &p->touched, page, end))
			return at;
		for (uint32_t i = 0; i < s->count; i++) {
			if (page >= s->found[i].end)
				continue;
			if (page < s->found[i].start)
				at = s->found[i].start;
			return at < end ? at : end;
		}
		at = page = s->end;
	}
	return at < end ? at : end;
}

uint64_t pages_next(struct pages *p, uint64_t at, uint64_t end)
{
	for (uint32_t i = 0; i < p->hole_count; i++)
		if (at >= p->holes[i].start && at < p->holes[i].end)
			at = p->holes[i].end;
	return at < end ? next_known(p, at, end) : end;
}

/* The entry of `address`'s page; false: not to be had. */
static bool entry(struct pages *p, uint64_t address, uint64_t *e)
{
	uint64_t page = address / PAGE;

	if (p->fd < 0)
		return false;
	if (page < p->first || page >= p->first + p->count) {
		/* More at a time where they are asked for in order, as the
		 * kernel looks at each. */
		uint64_t n = p->count && page == p->first + p->count
				 ? 2 * p->count
				 : p->least;
		long size;

		if (n > PAGES_BATCH)
			n = PAGES_BATCH;
		size = sys_pread(p->fd, p->entries, n * sizeof(*p->entries),
				 page * sizeof(*p->entries));
		p->first = page;
		p->count = size > 0 ? (uint64_t)size / sizeof(*p->entries) : 0;
		if (!p->count)
			return false;
	}
	*e = p->entries[page - p->first];
	return true;
}

bool pages_touched(struct pages *p, uint64_t address)
{
	uint64_t e;

	return !entry(p, address, &e) ||
	       (e & (PRESENT | SWAPPED) && !(e & GUARD));
}

/* What a child shares looks like the kernel's page in pagemap. Kernels that do
 * not say which it is leave what it holds, each page a system call. */
static bool is_of_zeros(struct pages *p, uint64_t address)
{
	const uint64_t page = address & ~(uint64_t)(PAGE - 1);
	const uint64_t end =
	    page + SCAN_AHEAD < ADDRESSES ? page + SCAN_AHEAD : ADDRESSES;

	if (p->cannot_scan || !scan(p, &p->zeros, page, end))
		return is_empty(page);
	for (uint32_t i = 0; i < p->zeros.count; i++)
		if (page < p->zeros.found[i].end)
			return page >= p->zeros.found[i].start;
	return false;
}

enum pages_state pages_state(struct pages *p, uint64_t address, bool anonymous)
{
	uint64_t e;

	if (!entry(p, address, &e) || e & GUARD)
		return PAGES_ABSENT;
	if (e & SWAPPED)
		return PAGES_SWAPPED;
	if (!(e & PRESENT))
		return PAGES_ABSENT;
	if (e & ALONE)
		return PAGES_RESIDENT;
	/* The kernel's huge page of zeros looks like a file's. */
	if (e & OF_FILE)
		return anonymous ? PAGES_ABSENT : PAGES_RESIDENT;
	return is_of_zeros(p, address) ? PAGES_ABSENT : PAGES_RESIDENT;
}

bool pages_copied(struct pages *p, uint64_t address, bool unknown)
{
	uint64_t e;

	if (!entry(p, address, &e))
		return unknown;
	return e & SWAPPED || (e & PRESENT && !(e & OF_FILE));
}

bool pages_read(const struct pages *p, void *to, uint64_t from, uint64_t size)
{
	return p->memory >= 0 &&
	       sys_pread(p->memory, to, size, from) == (long)size;
}
