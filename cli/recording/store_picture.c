/* SPDX-License-Identifier: MIT */
/* Blocks, edges, roots and first words of a store whose snapshot is complete. */
#include <errno.h>
#include <stdlib.h>

#include "edge_stream.h"
#include "recording.h"
#include "store_file.h"

static int read_part(struct store_file *s, enum store_table_number table,
		     enum rkn_chunk_type type)
{
	const struct store_table *t = &s->h.tables[table];
	struct chunk_array *part = &s->parts.of[type];
	int error = store_file_part(s, table, type);

	if (!error && part->count != t->count && !s->m->truncated)
		error = model_error(
		    s->m, -EBADMSG,
		    "%s at byte %llu: only %zu of %llu are there; the store is damaged",
		    chunk_array_kinds[type].name, (unsigned long long)t->offset,
		    part->count, (unsigned long long)t->count);
	return error;
}

/* All edges out of the stream, behind which as many bytes as an edge may have can
 * be read; false if it is not so many. */
static bool take_edges(struct rkn_edge *edges, size_t count,
		       const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes, *end = bytes + size;
	struct rkn_edge e = EDGE_STREAM_START;
	size_t n = 0;

	for (; n < count && at < end; n++) {
		at = edge_stream_take(at, &e);
		edges[n] = e;
	}
	return n == count && at == end;
}

static int read_edges(struct store_file *s)
{
	const struct store_table *t = &s->h.tables[STORE_EDGES];
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_EDGES];
	const uint64_t count = s->h.edges;
	void *bytes, *longer;
	size_t size;
	int error = store_file_table(s, STORE_EDGES, 1, &bytes, &size);

	if (error)
		return error;
	longer = realloc(bytes, size + EDGE_STREAM_MOST);
	/* Each takes a byte at least. */
	if (!longer || (count <= size &&
			chunk_array_take(part, sizeof(struct rkn_edge), count)))
		error =
		    model_error(s->m, -ENOMEM, "out of memory for %llu edges",
				(unsigned long long)count);
	else if (count > size || count >= RKN_NONE || size != t->count ||
		 !take_edges(part->records, count, longer, size))
		error = model_error(
		    s->m, -EBADMSG,
		    "edges at byte %llu: %zu bytes are not %llu edges; the store is damaged",
		    (unsigned long long)t->offset, size,
		    (unsigned long long)count);
	free(longer ? longer : bytes);
	return error;
}

/* The module's number in the recording, of that in the store. */
static uint32_t module_of(const struct store_file *s, uint32_t module)
{
	/* Index 0 of the store's modules is not used. */
	return module && module <= s->parts.of[RKN_CHUNK_MODULES].count
		   ? module - 1
		   : RKN_NONE;
}

static uint32_t owner_of(const struct store_file *s, const struct rkn_root *r)
{
	switch (r->kind) {
	case RKN_ROOT_DATA:
		return module_of(s, r->owner);
	case RKN_ROOT_STACK:
	case RKN_ROOT_REGISTER:
	case RKN_ROOT_TLS:
		return r->owner < s->parts.of[RKN_CHUNK_THREADS].count
			   ? r->owner
			   : RKN_NONE;
	default:
		return r->owner;
	}
}

/* The shim leaves out what it has no room for. */
static int read_first(struct store_file *s)
{
	struct chunk_array *places = &s->parts.of[RKN_CHUNK_PLACES];
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_FIRST];
	int error = store_file_part(s, STORE_PLACES, RKN_CHUNK_PLACES);
	struct rkn_place *place;
	uint32_t *first;

	if (!error)
		error = store_file_part(s, STORE_FIRST, RKN_CHUNK_FIRST);
	if (error)
		return error;
	place = places->records;
	for (size_t i = 0; i < places->count; i++)
		place[i].module = module_of(s, place[i].module);
	if (part->count > s->parts.of[RKN_CHUNK_BLOCKS].count)
		part->count = s->parts.of[RKN_CHUNK_BLOCKS].count;
	first = part->records;
	for (size_t i = 0; i < part->count; i++)
		if (first[i] >= places->count)
			first[i] = RKN_NONE;
	return 0;
}

/* Those after the first that is wrong are not known. */
static int read_counts(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_COUNTS];
	int error = store_file_part(s, STORE_COUNTS, RKN_CHUNK_COUNTS);
	size_t bad;

	if (!error && chunk_arrays_check(&s->parts, RKN_CHUNK_COUNTS, 0, &bad))
		part->count = bad;
	return error;
}

/* As far as it is there: names of roots are all that it is for. */
static int read_live(struct store_file *s)
{
	struct chunk_array *frames = &s->parts.of[RKN_CHUNK_LIVE_FRAMES];
	struct chunk_array *threads = &s->parts.of[RKN_CHUNK_LIVE_THREADS];
	struct chunk_array *tls = &s->parts.of[RKN_CHUNK_TLS];
	int error =
	    store_file_part(s, STORE_LIVE_FRAMES, RKN_CHUNK_LIVE_FRAMES);
	struct rkn_live_frame *f;
	struct rkn_live_thread *t;
	struct rkn_tls *l;
	size_t n = 0;

	if (!error)
		error = store_file_part(s, STORE_LIVE_THREADS,
					RKN_CHUNK_LIVE_THREADS);
	if (!error)
		error = store_file_part(s, STORE_TLS, RKN_CHUNK_TLS);
	if (error)
		return error;
	f = frames->records;
	for (size_t i = 0; i < frames->count; i++)
		f[i].module = module_of(s, f[i].module);
	t = threads->records;
	for (size_t i = 0; i < threads->count; i++) {
		if (t[i].thread >= s->parts.of[RKN_CHUNK_THREADS].count)
			t[i].thread = RKN_NONE;
		if (t[i].first > frames->count ||
		    t[i].frames > frames->count - t[i].first)
			t[i].first = t[i].frames = 0;
	}
	l = tls->records;
	for (size_t i = 0; i < tls->count; i++) {
		l[i].module = module_of(s, l[i].module);
		if (l[i].module != RKN_NONE && l[i].size <= l[i].below)
			l[n++] = l[i];
	}
	tls->count = n;
	return 0;
}

static int compare_arenas(const void *a, const void *b)
{
	const struct rkn_arena *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* What the kernel held, as far as it is there: records behind one that is wrong
 * are not known. */
static int read_held(struct store_file *s)
{
	static const struct {
		enum store_table_number table;
		enum rkn_chunk_type type;
	} parts[] = {
		{ STORE_MAPPINGS, RKN_CHUNK_MAPPINGS },
		{ STORE_PAGES, RKN_CHUNK_PAGES },
		{ STORE_ARENAS, RKN_CHUNK_ARENAS },
		{ STORE_SLACK, RKN_CHUNK_SLACK },
		{ STORE_CONTENTS, RKN_CHUNK_CONTENTS },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const enum rkn_chunk_type type = parts[i].type;
		struct chunk_array *part = &s->parts.of[type];
		int error = store_file_part(s, parts[i].table, type);
		size_t bad;

		if (error)
			return error;
		if (type == RKN_CHUNK_ARENAS && part->count)
			qsort(part->records, part->count,
			      sizeof(struct rkn_arena), compare_arenas);
		if (chunk_arrays_check(&s->parts, type, 0, &bad))
			part->count = bad;
	}
	return 0;
}

int store_picture(struct store_file *s)
{
	int error = store_listed_blocks(s);
	struct rkn_root *r;
	struct chunk_array *part;
	struct rkn_wide *w;
	size_t n = 0;

	if (!error && !s->m->truncated)
		error = read_edges(s);
	if (!error && !s->m->truncated)
		error = read_part(s, STORE_ROOTS, RKN_CHUNK_ROOTS);
	if (!error && !s->m->truncated)
		error = read_part(s, STORE_WIDE, RKN_CHUNK_WIDE);
	if (!error)
		error = read_first(s);
	if (!error)
		error = read_counts(s);
	if (!error)
		error = read_live(s);
	if (!error)
		error = read_held(s);
	if (error)
		return error;
	r = s->parts.of[RKN_CHUNK_ROOTS].records;
	for (size_t i = 0; i < s->parts.of[RKN_CHUNK_ROOTS].count; i++)
		r[i].owner = owner_of(s, &r[i]);
	/* The shim notes places in blocks as it meets them, some more than
	 * once. */
	part = &s->parts.of[RKN_CHUNK_WIDE];
	w = part->records;
	if (part->count)
		qsort(w, part->count, sizeof(*w), chunk_arrays_compare_wide);
	for (size_t i = 0; i < part->count; i++)
		if (!n || chunk_arrays_compare_wide(&w[n - 1], &w[i]))
			w[n++] = w[i];
	part->count = n;
	return 0;
}
