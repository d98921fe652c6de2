/* SPDX-License-Identifier: MIT */
/* What was alive when: sums, and key frames by node of the flame graph. */
#include <stdlib.h>

#include "die.h"
#include "instants.h"
#include "page_parts.h"

static bool is_shown(const struct page_data *d, const struct instant_sum *sums,
		     size_t stack)
{
	return sums[stack].blocks && page_node(d, (uint32_t)stack) >= 0;
}

static void write_column(struct page_data *d, const char *name,
			 const struct instant_sum *sums, bool bytes)
{
	page_list(d, name);
	for (size_t i = 0; i < d->m->stack_count; i++)
		if (is_shown(d, sums, i))
			page_number(d, (int64_t)(bytes ? sums[i].bytes
						       : sums[i].blocks));
	page_list_end(d);
}

static void write_frame(struct page_data *d, const struct instant *at,
			const struct instant_sum *sums)
{
	page_element(d);
	page_member(d, "t");
	fprintf(d->out, "%llu", (unsigned long long)at->time_ns);
	page_list(d, "node");
	for (size_t i = 0; i < d->m->stack_count; i++)
		if (is_shown(d, sums, i))
			page_number(d, page_node(d, (uint32_t)i));
	page_list_end(d);
	write_column(d, "bytes", sums, true);
	write_column(d, "blocks", sums, false);
	page_object_end(d);
}

/* Of too many rows in all some key frames are left out. */
static void write_frames(struct page_data *d)
{
	struct instant_sum *sums =
	    xcalloc(d->m->stack_count + 1, sizeof(*sums));
	size_t count, left_out = 0, each;
	struct instant *list = instants_list(d->m, &count);

	each = count * d->m->stack_count / PAGE_FRAME_ROWS + 1;
	page_list(d, "frames");
	for (size_t i = 0; i < count; i++) {
		if (list[i].kind == INSTANT_KEY && i % each) {
			left_out++;
			continue;
		}
		instants_sums(d->m, &list[i], sums);
		write_frame(d, &list[i], sums);
	}
	page_list_end(d);
	if (left_out)
		page_note(d, "The timeline has %zu of %zu key frames.",
			  count - left_out, count);
	free(list);
	free(sums);
}

void page_timeline(struct page_data *d)
{
	const struct rkn_point *p = d->m->points;
	const size_t count = d->m->point_count;

	if (!instants_known(d->m))
		return;
	page_object(d, "timeline");
	PAGE_COLUMN(d, "t", count, i, p[i].time_ns);
	PAGE_COLUMN(d, "bytes", count, i, p[i].bytes);
	PAGE_COLUMN(d, "blocks", count, i, p[i].blocks);
	write_frames(d);
	page_object_end(d);
}
