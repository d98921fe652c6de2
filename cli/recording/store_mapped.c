/* SPDX-License-Identifier: MIT */
/* What the program mapped itself: the shim changes it all the time, so that a
 * record of a process that was killed may be half written, or wrong. */
#include <errno.h>
#include <stdlib.h>

#include "recording.h"
#include "store_file.h"

static int read_sites(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_MAPPED_SITES];
	int error = store_file_part(s, STORE_SITES, RKN_CHUNK_MAPPED_SITES);
	struct rkn_mapped_site *site = part->records;

	for (size_t i = 0; !error && i < part->count; i++)
		site[i].stack = store_file_stack(s, site[i].stack);
	return error;
}

static int by_start(const void *a, const void *b)
{
	const struct rkn_mapped *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* In order, without those that cannot be. */
static void sift(struct chunk_array *part)
{
	struct rkn_mapped *m = part->records;
	size_t n = 0;

	if (part->count)
		qsort(m, part->count, sizeof(*m), by_start);
	for (size_t i = 0; i < part->count; i++)
		if (m[i].end > m[i].start && (!n || m[n - 1].end <= m[i].start))
			m[n++] = m[i];
	part->count = n;
}

static int read_mappings(struct store_file *s)
{
	const size_t sites = s->parts.of[RKN_CHUNK_MAPPED_SITES].count;
	const size_t threads = s->parts.of[RKN_CHUNK_THREADS].count;
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_MAPPED];
	const struct store_mapped *from;
	struct rkn_mapped *to;
	size_t count;
	void *table;
	int error =
	    store_file_table(s, STORE_MAPPED, sizeof(*from), &table, &count);

	if (error || !count)
		return error;
	if (chunk_array_take(part, sizeof(*to), count)) {
		free(table);
		return model_error(s->m, -ENOMEM,
				   "out of memory for %zu mappings", count);
	}
	from = table;
	to = part->records;
	part->count = 0;
	for (size_t i = 0; i < count; i++)
		if (from[i].site && from[i].site < sites)
			to[part->count++] = (struct rkn_mapped){
				.start = from[i].start,
				.end = from[i].end,
				.site = from[i].site,
				.flags = from[i].flags,
				.thread = from[i].thread < threads
					      ? from[i].thread
					      : 0,
			};
	free(table);
	sift(part);
	return 0;
}

int store_mapped(struct store_file *s)
{
	int error = read_sites(s);

	return error ? error : read_mappings(s);
}
