/* SPDX-License-Identifier: MIT */
#include "residency.h"

uint64_t residency_of(struct residency *r, uint64_t start, uint64_t end)
{
	const struct model *m = r->m;
	uint64_t bytes = 0;

	while (r->next < m->page_count && m->pages[r->next].end <= start)
		r->next++;
	for (size_t i = r->next; i < m->page_count; i++) {
		const struct rkn_pages *p = &m->pages[i];

		if (p->start >= end)
			break;
		bytes += (p->end < end ? p->end : end) -
			 (p->start > start ? p->start : start);
	}
	return bytes;
}
