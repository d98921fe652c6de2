/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <fcntl.h>

#include "sys.h"

#define PAGE    4096
#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)
#define OF_FILE (1ull << 61) /* or shared */

void pages_open(struct pages *p)
{
	p->fd = (int)sys_open("/proc/thread-self/pagemap", O_RDONLY, 0);
	p->memory = (int)sys_open("/proc/thread-self/mem", O_RDONLY, 0);
	p->count = 0;
}

void pages_close(struct pages *p)
{
	if (p->fd >= 0)
		sys_close(p->fd);
	if (p->memory >= 0)
		sys_close(p->memory);
}

/* The entry of `address`'s page; false: not to be had. */
static bool entry(struct pages *p, uint64_t address, uint64_t *e)
{
	uint64_t page = address / PAGE;

	if (p->fd < 0)
		return false;
	if (page < p->first || page >= p->first + p->count) {
		long size = sys_pread(p->fd, p->entries, sizeof(p->entries),
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

	return !entry(p, address, &e) || e & (PRESENT | SWAPPED);
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
