/* SPDX-License-Identifier: MIT */
#include "own_memory.h"

#include <string.h>
#include <sys/mman.h>

#include "spare.h"
#include "sys.h"

#define SLAB  (4ull << 20) /* pieces smaller than this share slabs */
#define SLABS 4096

struct range {
	uint64_t start, end;
};
static APART struct range slabs[SLABS]; /* start 0: not used yet */
static uint32_t count;
static struct range noted;
static uint64_t next, last; /* room in the present slab */
static uint64_t large,
    large_end; /* and in what was reserved for large pieces */

static void *new_slab(size_t size)
{
	uint32_t i = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	void *p = i < SLABS ? spare_map(size) : NULL;

	if (!p)
		return NULL;
	/* Else the kernel may make it one mapping with a reservation of the
	 * program's, which then looks as if it were in use. */
	sys_advise(p, size, MADV_DONTDUMP);
	slabs[i].end = ADDRESS(p) + size;
	STORE_RELEASE(slabs[i].start, ADDRESS(p));
	return p;
}

COLD void own_memory_reserve(size_t size)
{
	void *p = new_slab(size);

	if (!p)
		return;
	WRITE_ONCE(large_end, ADDRESS(p) + size);
	STORE_RELEASE(large, ADDRESS(p));
}

static COLD void *map_large(size_t size)
{
	uint64_t at = LOAD_ACQUIRE(large);

	while (at && READ_ONCE(large_end) - at >= size)
		if (CHANGE(large, at, at + size))
			return (void *)(uintptr_t)at;
	return new_slab(size);
}

void *own_memory_map(size_t size)
{
	uint64_t at, end;
	void *p;

	size = (size + 4095) & ~(size_t)4095;
	if (size > SLAB / 4)
		return map_large(size);
	end = LOAD_ACQUIRE(last);
	at = __atomic_fetch_add(&next, size, __ATOMIC_RELAXED);
	if (end && at >= end - SLAB && at + size <= end)
		return (void *)(uintptr_t)at;
	p = new_slab(SLAB);
	if (!p)
		return NULL;
	/* Two threads may each bring a slab: one is used only by its own
	 * first piece. */
	WRITE_ONCE(next, ADDRESS(p) + size);
	STORE_RELEASE(last, ADDRESS(p) + SLAB);
	return p;
}

COLD void own_memory_empty(void *p, size_t size)
{
	/* Not of memory that is locked, and a filter may forbid it. */
	if (sys_advise(p, size, MADV_DONTNEED) < 0)
		memset(p, 0, size);
}

COLD void *own_memory_table(void *table, size_t size)
{
	if (!table)
		return own_memory_map(size);
	own_memory_empty(table, size);
	return table;
}

/* Nothing comes from the present slab meanwhile, nor from what was reserved: their
 * zeros stay. */
COLD struct own_memory_while own_memory_begin(void)
{
	struct own_memory_while w = { count, next, last, large };

	last = 0;
	large = large_end;
	return w;
}

COLD void own_memory_end(const struct own_memory_while *w)
{
	/* The last one first, as spare_give() likes it. */
	for (uint32_t i = count < SLABS ? count : SLABS; i-- > w->count;) {
		if (slabs[i].start)
			spare_unmap((void *)(uintptr_t)slabs[i].start,
				    slabs[i].end - slabs[i].start);
		slabs[i] = (struct range){ 0 };
	}
	count = w->count;
	next = w->next;
	last = w->last;
	large = w->large;
}

COLD void own_memory_note(const void *p, size_t size)
{
	WRITE_ONCE(noted.end, 0);
	WRITE_ONCE(noted.start, ADDRESS(p));
	STORE_RELEASE(noted.end, size ? ADDRESS(p) + size : 0);
}

/* Of the linker: where the library begins and ends. */
extern HIDDEN const char __ehdr_start[], _end[];

/* Its pages, whole. */
static struct range library(void)
{
	return (struct range){ ADDRESS(__ehdr_start) & ~4095ull,
			       (ADDRESS(_end) + 4095) & ~4095ull };
}

bool own_memory_in_library(uint64_t address)
{
	const struct range r = library();

	return address >= r.start && address < r.end;
}

uint64_t own_memory_library_bytes(void)
{
	struct range r = library();

	return r.end - r.start;
}

/* Where *found, *from .. *to is the first part up to now. */
static void find_in(struct range r, uint64_t start, uint64_t end, bool *found,
		    uint64_t *from, uint64_t *to)
{
	if (r.start >= end || r.end <= start || (*found && r.start >= *from))
		return;
	*from = r.start > start ? r.start : start;
	*to = r.end < end ? r.end : end;
	*found = true;
}

bool own_memory_find(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to)
{
	bool found = false;

	find_in(library(), start, end, &found, from, to);
	find_in(noted, start, end, &found, from, to);
	for (uint32_t i = 0; i < count && i < SLABS; i++)
		find_in(slabs[i], start, end, &found, from, to);
	return found;
}
