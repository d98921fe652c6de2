/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <fcntl.h>

#include "sys.h"

#define PAGE    4096
#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)

void pages_open(struct pages *p)
{
	p->fd = (int)sys_open("/proc/self/pagemap", O_RDONLY, 0);
	p->count = 0;
}

void pages_close(struct pages *p)
{
	if (p->fd >= 0)
		sys_close(p->fd);
}

bool pages_touched(struct pages *p, uint64_t address)
{
	uint64_t page = address / PAGE;

	if (p->fd < 0)
		return true;
	if (page < p->first || page >= p->first + p->count) {
		long size = sys_pread(p->fd, p->entries, sizeof(p->entries),
				      page * sizeof(*p->entries));

		p->first = page;
		p->count = size > 0 ? (uint64_t)size / sizeof(*p->entries) : 0;
		if (!p->count)
			return true;
	}
	return p->entries[page - p->first] & (PRESENT | SWAPPED);
}
