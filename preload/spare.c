/* SPDX-License-Identifier: MIT */
#include "spare.h"

#include <string.h>
#include <sys/mman.h>

#include "compiler.h"
#include "sys.h"

#define PAGE  4096ull
#define FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static uint64_t start, end; /* end 0: there are none */
static uint64_t next;       /* atomic: what is before it is taken */
static bool fitting;        /* atomic: a thread is in spare_fit() */

void *spare_take(size_t size)
{
	uint64_t at = __atomic_load_n(&next, __ATOMIC_ACQUIRE), last;

	do {
		last = READ_ONCE(end);
		if (at >= last || size + PAGE > last - at)
			return NULL;
	} while (!__atomic_compare_exchange_n(&next, &at, at + size + PAGE,
					      false, __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	return (void *)(uintptr_t)(at + PAGE);
}

bool spare_give(void *p, size_t size)
{
	uint64_t at = (uint64_t)(uintptr_t)p, after = at + size;

	if (at <= READ_ONCE(start) || after > READ_ONCE(end))
		return false;
	/* Pages that the program has locked in memory stay as they are. */
	if (sys_advise(p, size, MADV_DONTNEED) < 0)
		memset(p, 0, size);
	/* What is not the last piece is kept for good. */
	__atomic_compare_exchange_n(&next, &after, at - PAGE, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return true;
}

bool spare_is_left(uint64_t size)
{
	uint64_t at = READ_ONCE(next), last = READ_ONCE(end);

	return at < last && last - at >= size;
}

bool spare_has(uint64_t address)
{
	return address >= READ_ONCE(start) && address < READ_ONCE(end);
}

static void give_back(uint64_t at, uint64_t size)
{
	if (size)
		sys_unmap((void *)(uintptr_t)at, size);
}

/* Where there is no room for all, some more that are never used: the program is
 * not to have them either. */
static void fill(uint64_t size)
{
	for (uint64_t part = size; size && part >= PAGE;) {
		if (part > size || !sys_map_nothing(part))
			part = part / 2 & ~(PAGE - 1);
		else
			size -= part;
	}
}

/* The larger part is the one to take from; so none is given back that the limit
 * would not allow again. */
static void make(uint64_t size, uint64_t left)
{
	char *p =
	    size > left && size > 2 * PAGE ? sys_map_spare(size - PAGE) : NULL;

	if (!p) {
		fill(size);
		return;
	}
	/* Else the kernel may make it one mapping with what is beside it. */
	sys_advise(p, size - PAGE, MADV_DONTDUMP);
	/* Nobody takes from between the old ones and these. */
	WRITE_ONCE(end, 0);
	WRITE_ONCE(start, (uint64_t)(uintptr_t)p - PAGE);
	__atomic_store_n(&next, (uint64_t)(uintptr_t)p, __ATOMIC_RELEASE);
	WRITE_ONCE(end, (uint64_t)(uintptr_t)p + size - PAGE);
}

static void fit(uint64_t total)
{
	uint64_t last = READ_ONCE(end), mapped = READ_ONCE(sys_mapped);
	uint64_t at = __atomic_exchange_n(&next, last, __ATOMIC_ACQ_REL);
	uint64_t left = at < last ? last - at : 0;

	total &= ~(PAGE - 1);
	if (mapped >= total) {
		uint64_t cut = mapped - total < left ? mapped - total : left;

		WRITE_ONCE(end, last - cut);
		__atomic_store_n(&next, at, __ATOMIC_RELEASE);
		give_back(last - cut, cut);
		return;
	}
	__atomic_store_n(&next, at, __ATOMIC_RELEASE);
	make(total - mapped, left);
}

void spare_fit(uint64_t total)
{
	if (__atomic_exchange_n(&fitting, true, __ATOMIC_ACQUIRE))
		return;
	fit(total);
	__atomic_store_n(&fitting, false, __ATOMIC_RELEASE);
}

void spare_reset(void)
{
	__atomic_store_n(&fitting, false, __ATOMIC_RELEASE);
}
