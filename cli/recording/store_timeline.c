/* SPDX-License-Identifier: MIT */
/* What was alive when, how long blocks lived and what was copied, out of a store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "store_file.h"

#define LIST_TRIES 4
#define KEYS_TRIES 4

/* One of the store's two lists, for the caller to free; none: *count is 0. Which of
 * them is valid may change meanwhile: the one that is read is overwritten then. */
static int read_list(struct store_file *s, enum store_table_number table,
		     size_t word_at, size_t size, uint32_t most, void **list,
		     uint32_t *count)
{
	const struct store_table *t = &s->h.tables[table];
	uint32_t word = 0, again = 0;

	*count = 0;
	*list = t->offset && t->record_size == size ? calloc(most, size) : NULL;
	if (!*list)
		return t->offset && t->record_size == size ? -ENOMEM : 0;
	for (int i = 0; i < LIST_TRIES; i++) {
		uint64_t from = t->offset;
		int error = store_file_read(s, &word, sizeof(word), word_at);

		*count = word & ~STORE_LIST_SECOND;
		if (*count > most)
			*count = most;
		from += (word & STORE_LIST_SECOND) ? most * size : 0;
		if (!error)
			error = store_file_read(s, *list, *count * size, from);
		if (!error)
			error =
			    store_file_read(s, &again, sizeof(again), word_at);
		if (error)
			return error;
		if (!((word ^ again) & STORE_LIST_SECOND))
			return 0;
	}
	*count = 0;
	return 0;
}

/* --- Points ---------------------------------------------------------------------- */

static uint64_t between(uint64_t a, uint64_t b, double part)
{
	return b > a ? a + (uint64_t)((double)(b - a) * part) : a;
}

static void set_extremes(struct rkn_point *p)
{
	if (p->most < p->bytes)
		p->most = p->bytes;
	if (p->least > p->bytes)
		p->least = p->bytes;
}

static uint64_t not_below(uint64_t n, uint64_t least)
{
	return n > least ? n : least;
}

static uint64_t not_above(uint64_t n, uint64_t most)
{
	return n < most ? n : most;
}

/* A thread that was the only one has not used all numbers that it took. */
static uint64_t births_at_end(const struct store_file *s,
			      const struct rkn_point *last)
{
	const struct rkn_meta *m = s->parts.of[RKN_CHUNK_META].records;
	const uint64_t used =
	    last->births + (m->allocations > last->allocations
				? m->allocations - last->allocations
				: 0);

	return s->parts.of[RKN_CHUNK_THREADS].count <= 2 && used < s->h.births
		   ? used
		   : s->h.births;
}

/* As the process ended or is now. */
static struct rkn_point end_point(const struct store_file *s,
				  const struct rkn_point *last)
{
	const struct rkn_meta *m = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_point p = {
		.time_ns = m->duration_ns,
		.births = births_at_end(s, last),
		.allocations = m->allocations,
		.allocated_bytes = m->allocated_bytes,
		.flags = RKN_POINT_END,
	};

	if (m->allocations > m->frees)
		p.blocks = m->allocations - m->frees;
	if (m->allocated_bytes > m->freed_bytes)
		p.bytes = m->allocated_bytes - m->freed_bytes;
	p.most = p.least = p.bytes;
	return p;
}

/* When the peak was, as exactly as marks tell. */
static uint64_t peak_time(const struct store_file *s)
{
	const struct chunk_array *part = &s->parts.of[RKN_CHUNK_MARKS];
	const struct rkn_mark *mark = part->records;
	uint64_t time = s->h.peak_ns, most = UINT64_MAX;

	for (size_t i = 0; i < part->count; i++)
		if (mark[i].birth < s->h.peak_births)
			time = not_below(time, mark[i].time_ns);
		else if (mark[i].time_ns < most)
			most = mark[i].time_ns;
	return time < most ? time : most;
}

/* What was allocated until then, so far from `before` to `after`; and no less than
 * what is more alive, nor more than what is not yet. */
static uint64_t bounded(double part, uint64_t before, uint64_t alive_before,
			uint64_t alive, uint64_t alive_after, uint64_t after)
{
	const uint64_t least =
	    before + (alive > alive_before ? alive - alive_before : 0);
	const uint64_t more = alive_after > alive ? alive_after - alive : 0;

	return not_above(
	    not_below(between(before, after, part), least),
	    after - not_above(more, after > before ? after - before : 0));
}

/* Of what is not known of the peak as much as its time says. */
static struct rkn_point peak_point(const struct store_file *s, uint64_t time,
				   const struct rkn_point *before)
{
	const struct rkn_meta *m = s->parts.of[RKN_CHUNK_META].records;
	const struct chunk_array *stacks = &s->parts.of[RKN_CHUNK_STACKS];
	const struct rkn_stack *stack = stacks->records;
	const struct rkn_point *after = before + 1;
	struct rkn_point p = {
		.time_ns = time,
		.births = s->h.peak_births,
		.bytes = m->peak_bytes,
		.most = m->peak_bytes,
		.least = m->peak_bytes,
		.flags = RKN_POINT_PEAK,
	};
	const double gap = (double)(after->time_ns - before->time_ns);
	double part;

	p.time_ns = not_below(p.time_ns, before->time_ns);
	if (p.time_ns > after->time_ns)
		p.time_ns = after->time_ns;
	part = gap > 0 ? (double)(p.time_ns - before->time_ns) / gap : 1;
	if (p.births < before->births || p.births > after->births)
		p.births = between(before->births, after->births, part);
	/* Each allocation of one thread has the next number. */
	if (m->areas == 1 && after->births > before->births)
		part = (double)(p.births - before->births) /
		       (double)(after->births - before->births);
	for (size_t i = 0; i < stacks->count; i++)
		p.blocks += stack[i].peak_blocks;
	p.allocations = bounded(part, before->allocations, before->blocks,
				p.blocks, after->blocks, after->allocations);
	p.allocated_bytes =
	    bounded(part, before->allocated_bytes, before->bytes, p.bytes,
		    after->bytes, after->allocated_bytes);
	return p;
}

/* Where the peak belongs, behind which point. */
static size_t before_peak(const struct store_file *s, uint64_t time,
			  const struct rkn_point *list, size_t count)
{
	size_t i = 0;

	while (i + 2 < count && (list[i + 1].time_ns < time ||
				 (list[i + 1].time_ns == time &&
				  list[i + 1].births <= s->h.peak_births)))
		i++;
	return i;
}

static void add_peak(const struct store_file *s, struct rkn_point *list,
		     size_t *count)
{
	const struct rkn_meta *m = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_point *end = &list[*count - 1], peak;
	const uint64_t time = peak_time(s);
	size_t i;

	if (!m->peak_bytes)
		return;
	/* It came with what nobody looked at any more. */
	if (s->peak_at_end && s->h.end_mono_ns) {
		end->flags |= RKN_POINT_PEAK;
		return;
	}
	if (s->peak_at_end) {
		/* The process was killed later than is known here. */
		i = *count - 2;
		peak = *end;
		peak.flags = RKN_POINT_PEAK;
	} else {
		i = before_peak(s, time, list, *count);
		peak = peak_point(s, time, &list[i]);
	}
	memmove(&list[i + 2], &list[i + 1], (*count - i - 1) * sizeof(*list));
	list[i + 1] = peak;
	++*count;
}

static int make_points(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_POINTS];
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_point *list, *from;
	uint32_t count;
	void *read;
	int error =
	    read_list(s, STORE_POINTS, offsetof(struct store_header, points),
		      sizeof(*from), STORE_POINTS_MOST, &read, &count);

	if (!error)
		error = chunk_array_take(part, sizeof(*list), count + 3ul);
	from = read;
	list = part->records;
	part->count = 0;
	if (!error)
		list[part->count++] = (struct rkn_point){ 0 };
	for (uint32_t i = 0; !error && i < count; i++) {
		if (from[i].time_ns < list[part->count - 1].time_ns ||
		    chunk_arrays_too_much(&from[i]))
			continue;
		set_extremes(&from[i]);
		from[i].flags = from[i].reserved = 0;
		list[part->count++] = from[i];
	}
	free(read);
	if (error)
		return error;
	/* Of a process that was killed the file's last change may be older. */
	if (meta->duration_ns < list[part->count - 1].time_ns)
		meta->duration_ns = list[part->count - 1].time_ns;
	list[part->count] = end_point(s, &list[part->count - 1]);
	part->count++;
	add_peak(s, list, &part->count);
	return 0;
}

/* --- Key frames ------------------------------------------------------------------ */

static int by_stack(const void *a, const void *b)
{
	const struct rkn_key_row *x = a, *y = b;

	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

/* The rows with the parts' stacks, of which some may be one now. */
static uint32_t mend_rows(const struct store_file *s, struct rkn_key_row *rows,
			  uint32_t count)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++)
		if (rows[i].stack != RKN_NONE)
			rows[i].stack = store_file_stack(s, rows[i].stack);
	qsort(rows, count, sizeof(*rows), by_stack);
	for (uint32_t i = 0; i < count; i++) {
		if (n && rows[n - 1].stack == rows[i].stack) {
			uint64_t sum =
			    (uint64_t)rows[n - 1].blocks + rows[i].blocks;

			rows[n - 1].blocks =
			    sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
			rows[n - 1].bytes += rows[i].bytes;
		} else {
			rows[n++] = rows[i];
		}
	}
	return n;
}

static int add_key(struct store_file *s, const struct rkn_key *k)
{
	struct chunk_array *keys = &s->parts.of[RKN_CHUNK_KEYS];
	struct chunk_array *rows = &s->parts.of[RKN_CHUNK_KEY_ROWS];
	const struct store_table *t = &s->h.tables[STORE_KEY_ROWS];
	const uint32_t most = STORE_KEY_PLACES * STORE_KEY_ROWS_MOST;
	const struct rkn_key *last = keys->records;
	struct rkn_key_row *to;
	struct rkn_key key = *k;
	int error;

	if (!t->offset || t->record_size != sizeof(*to) || k->first > most ||
	    k->rows > most - k->first || chunk_arrays_too_much(&k->point) ||
	    (keys->count &&
	     last[keys->count - 1].point.time_ns > k->point.time_ns))
		return 0;
	if (chunk_array_grow(rows, sizeof(*to), k->rows) ||
	    chunk_array_grow(keys, sizeof(key), 1))
		return -ENOMEM;
	to = (struct rkn_key_row *)rows->records + rows->count;
	memset(to, 0, k->rows * sizeof(*to));
	error = store_file_read(s, to, k->rows * sizeof(*to),
				t->offset + k->first * sizeof(*to));
	if (error)
		return error;
	key.point.flags = key.point.reserved = 0;
	key.first = (uint32_t)rows->count;
	key.rows = mend_rows(s, to, k->rows);
	rows->count += key.rows;
	((struct rkn_key *)keys->records)[keys->count++] = key;
	return 0;
}

static int read_keys(struct store_file *s)
{
	uint32_t count;
	void *read;
	int error =
	    read_list(s, STORE_KEYS, offsetof(struct store_header, keys),
		      sizeof(struct rkn_key), STORE_KEYS_MOST, &read, &count);

	for (uint32_t i = 0; !error && i < count; i++)
		error = add_key(s, (struct rkn_key *)read + i);
	free(read);
	return error;
}

/* Rows are overwritten only after the other list has become the valid one. */
static int make_keys(struct store_file *s)
{
	const size_t at = offsetof(struct store_header, keys);
	uint32_t word = 0, again = 0;
	int error;

	for (int i = 0; i < KEYS_TRIES; i++) {
		s->parts.of[RKN_CHUNK_KEYS].count = 0;
		s->parts.of[RKN_CHUNK_KEY_ROWS].count = 0;
		error = store_file_read(s, &word, sizeof(word), at);
		if (!error)
			error = read_keys(s);
		if (!error)
			error = store_file_read(s, &again, sizeof(again), at);
		if (error || !((word ^ again) & STORE_LIST_SECOND))
			return error;
	}
	s->parts.of[RKN_CHUNK_KEYS].count = 0;
	s->parts.of[RKN_CHUNK_KEY_ROWS].count = 0;
	return 0;
}

/* --- Lives ----------------------------------------------------------------------- */

static bool is_empty(const struct rkn_lives *l)
{
	uint64_t sum = l->copies;

	for (int i = 0; i < RKN_LIFE_BUCKETS; i++)
		sum |= l->freed[i];
	return !sum;
}

static int make_lives(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_LIVES];
	struct rkn_lives *list;
	struct store_copies *copies;
	size_t copied, kept = 0;
	void *read;
	int error =
	    store_file_table(s, STORE_COPIES, sizeof(*copies), &read, &copied);

	copies = read;
	if (!error)
		error = chunk_array_take(part, sizeof(*list), s->stack_count);
	if (error || !s->stack_count) {
		free(read);
		return error;
	}
	list = part->records;
	memset(list, 0, part->count * sizeof(*list));
	for (size_t i = 0; i < s->stack_count; i++) {
		struct rkn_lives *to = &list[store_file_stack(s, i)];

		for (int k = 0; k < RKN_LIFE_BUCKETS; k++)
			to->freed[k] += s->lives[i][k];
		if (i < copied) {
			to->copies += copies[i].count;
			to->copied_bytes += copies[i].bytes;
		}
	}
	free(read);
	for (size_t i = 0; i < part->count; i++) {
		if (is_empty(&list[i]))
			continue;
		list[kept] = list[i];
		list[kept++].stack = (uint32_t)i;
	}
	part->count = kept;
	return 0;
}

int store_timeline(struct store_file *s)
{
	int error = make_points(s);

	if (!error)
		error = make_keys(s);
	if (!error)
		error = make_lives(s);
	return error
		   ? model_error(s->m, error, "the timeline cannot be read: %s",
				 strerror(-error))
		   : 0;
}
