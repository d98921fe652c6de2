/* SPDX-License-Identifier: MIT */
#include "spare.h"

#include <string.h>
#include <sys/mman.h>

#include "compiler.h"
#include "sys.h"

#define PAGE     4096ull
#define PATIENCE 1000 /* looks, for another thread that maps or unmaps */

/*
 * What is left, one word, so that nobody takes of what another one gives back or
 * replaces: the number of its first page, and how many there are.
 */
#define PAGES_BITS 29      /* 2 TiB */
static uint64_t left_over; /* atomic */

/* What was kept last, taken or not: whose a piece is. */
static uint64_t start, end;

static uint64_t pack(uint64_t at, uint64_t size)
{
	return at / PAGE << PAGES_BITS | size / PAGE;
}

static uint64_t first_of(uint64_t word)
{
	return (word >> PAGES_BITS) * PAGE;
}

static uint64_t size_of(uint64_t word)
{
	return (word & ((1ull << PAGES_BITS) - 1)) * PAGE;
}

static uint64_t load(void)
{
	return LOAD_ACQUIRE(left_over);
}

/* `*from` is what there was else. */
static bool change(uint64_t *from, uint64_t at, uint64_t size)
{
	return CHANGE(left_over, *from, pack(at, size));
}

void *spare_take(size_t size)
{
	uint64_t word = load(), at;

	do {
		at = first_of(word);
		if (size + PAGE > size_of(word))
			return NULL;
	} while (!change(&word, at + size + PAGE, size_of(word) - size - PAGE));
	return (void *)(uintptr_t)(at + PAGE);
}

bool spare_give(void *p, size_t size)
{
	uint64_t at = ADDRESS(p), word;

	if (at <= READ_ONCE(start) || at + size > READ_ONCE(end))
		return false;
	/* Zeros again, if the program has it locked, too. */
	if (sys_advise(p, size, MADV_DONTNEED) < 0)
		memset(p, 0, size);
	word = load();
	/* What is not the last piece is kept for good. */
	while (first_of(word) == at + size)
		if (change(&word, at - PAGE, size_of(word) + size + PAGE))
			break;
	return true;
}

static size_t page_up(size_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

void *spare_map(size_t size)
{
	void *p;

	if (!size)
		return NULL;
	size = page_up(size);
	p = spare_take(size);
	if (!p)
		return sys_map_own(size);
	return sys_open_up(p, size) < 0 ? NULL : p;
}

void spare_unmap(void *p, size_t size)
{
	size = page_up(size);
	if (!spare_give(p, size))
		sys_unmap_own(p, size);
}

bool spare_is_left(uint64_t size)
{
	return size_of(load()) >= size;
}

bool spare_has(uint64_t address)
{
	return address >= READ_ONCE(start) && address < READ_ONCE(end);
}

/* The larger part is the one to take from; so none is given back that the limit
 * would not allow again. */
static void make(uint64_t size)
{
	const uint64_t left = size_of(load());
	char *p =
	    size > left && size > 2 * PAGE ? sys_map_spare(size - PAGE) : NULL;
	uint64_t at = ADDRESS(p);

	if (!p) {
		/* Where there is no room for all, some more that are never
		 * used: the program is not to have them either. */
		for (uint64_t part = size; size && part >= PAGE;) {
			if (part > size || !sys_map_nothing(part))
				part = part / 2 & ~(PAGE - 1);
			else
				size -= part;
		}
		return;
	}
	/* Else the kernel may make it one mapping with what is beside it. */
	sys_advise(p, size - PAGE, MADV_DONTDUMP);
	WRITE_ONCE(start, at - PAGE);
	WRITE_ONCE(end, at + size - PAGE);
	STORE_RELEASE(left_over, pack(at, size - PAGE));
}

/* From the end; what others take meanwhile is not cut. */
static void cut(uint64_t size)
{
	uint64_t word = load(), at, keeps;

	do {
		at = first_of(word);
		if (size > size_of(word))
			size = size_of(word);
		keeps = size_of(word) - size;
	} while (size && !change(&word, at, keeps));
	if (!size)
		return;
	WRITE_ONCE(end, at + keeps);
	sys_unmap((void *)(uintptr_t)(at + keeps), size);
}

/*
 * One at a time, or more would be mapped than is to be: with signals held, for a
 * handler would wait for its own thread. Whoever has waited long enough goes on:
 * nothing is lost or given twice when two are at it.
 */
static bool fitting;

COLD void spare_fit(uint64_t total)
{
	uint64_t signals, mapped;
	bool held = sys_block_signals(&signals) == 0;

	for (unsigned i = 0;
	     i < PATIENCE &&
	     __atomic_exchange_n(&fitting, true, __ATOMIC_ACQUIRE);
	     i++)
		sys_rest(0);
	total &= ~(PAGE - 1);
	mapped = READ_ONCE(sys_mapped);
	if (mapped < total)
		make(total - mapped);
	else
		cut(mapped - total);
	STORE_RELEASE(fitting, false);
	if (held)
		sys_restore_signals(&signals);
}

void spare_reset(void)
{
	STORE_RELEASE(fitting, false);
}
