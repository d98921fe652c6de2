/* SPDX-License-Identifier: MIT */
/*
 * Live blocks out of a store's shadow, for processes that took no snapshot.
 * The process may be at work on it: a slot read halfway gives at worst one
 * block too many or too few.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "store_file.h"

/* The last block's EXTRA and high half may follow the region's slots. */
#define BEHIND 4096u

#define LEAST_SHIFT 3
#define MOST_SHIFT  12

static uint64_t slots_size(const struct store_file *s)
{
	return (STORE_REGION >> s->h.granule_shift) * sizeof(uint64_t) + BEHIND;
}

/* Of two blocks that share memory the older one was freed unseen. */
static int add(struct store_file *s, const struct rkn_block *b)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_BLOCKS];
	struct rkn_block *list = part->records;

	if (part->count) {
		const struct rkn_block *before = &list[part->count - 1];

		if (before->address + before->size > b->address) {
			s->m->limits[RKN_LIMIT_LOST_FREE]++;
			if (before->birth > b->birth)
				return 0;
			part->count--;
		}
	}
	if (part->count + 1 >= RKN_NONE ||
	    chunk_array_grow(part, sizeof(*b), 1))
		return model_error(s->m, -ENOMEM,
				   "out of memory for %zu blocks", part->count);
	list = part->records;
	list[part->count++] = *b;
	return 0;
}

static struct rkn_block decode(const struct store_file *s, uint64_t address,
			       const uint64_t *slot)
{
	struct rkn_block b = {
		.address = address,
		.size = *slot >> STORE_SIZE_SHIFT,
		.stack = *slot >> STORE_STACK_SHIFT & STORE_STACK_MAX,
	};

	if (*slot & STORE_EXTRA) {
		b.birth = (slot[1] & ~STORE_WHOLE) >> STORE_BIRTH_SHIFT;
		b.thread = slot[1] >> STORE_THREAD_SHIFT & STORE_THREAD_MAX;
	}
	if (*slot & STORE_BIG)
		b.size |= slot[2] >> 1 << 32;
	b.stack = store_file_stack(s, b.stack);
	if (b.thread >= s->parts.of[RKN_CHUNK_THREADS].count)
		b.thread = 0;
	return b;
}

static int scan_chunk(struct store_file *s, const struct store_chunk *c)
{
	uint64_t size = slots_size(s), from = c->offset, to;
	uint64_t end = c->offset + size - BEHIND;
	uint64_t base = c->region << STORE_REGION_SHIFT;
	uint64_t *slots = calloc(1, size);
	int error;

	if (!slots)
		return model_error(s->m, -ENOMEM, "out of memory");
	error = store_file_read(s, slots, size, c->offset);
	if (error)
		model_error(s->m, error, "the shadow at byte %llu: %s",
			    (unsigned long long)c->offset, strerror(-error));
	for (; !error && store_file_data(s, &from, end, &to); from = to) {
		uint64_t last = (to - c->offset + 7) / 8;

		/* Slots behind the last may be read. */
		for (uint64_t i = (from - c->offset) / 8; i < last && !error;
		     i++) {
			struct rkn_block b;

			if ((slots[i] & (STORE_HEAD | STORE_FREED)) !=
			    STORE_HEAD)
				continue;
			b = decode(s, base + (i << s->h.granule_shift),
				   slots + i);
			if (b.size < 1ull << STORE_ADDRESS_BITS)
				error = add(s, &b);
		}
	}
	free(slots);
	return error;
}

static int by_region(const void *a, const void *b)
{
	const struct store_chunk *x = a, *y = b;

	return (x->region > y->region) - (x->region < y->region);
}

static int by_offset(const void *a, const void *b)
{
	const struct store_chunk *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Leave out those that are not ready; the others must not share anything. */
static int select_chunks(struct store_file *s, struct store_chunk *c,
			 size_t *count)
{
	size_t n = 0;

	for (size_t i = 0; i < *count; i++)
		if (c[i].offset && c[i].offset < s->size &&
		    c[i].region < STORE_REGIONS)
			c[n++] = c[i];
	*count = n;
	if (!n)
		return 0;
	qsort(c, n, sizeof(*c), by_offset);
	for (size_t i = 1; i < n; i++)
		if (c[i].offset - c[i - 1].offset < slots_size(s))
			return model_error(
			    s->m, -EBADMSG,
			    "the shadow at byte %llu overlaps the one before it; the store is damaged",
			    (unsigned long long)c[i].offset);
	qsort(c, n, sizeof(*c), by_region);
	for (size_t i = 1; i < n; i++)
		if (c[i].region == c[i - 1].region)
			return model_error(
			    s->m, -EBADMSG,
			    "the shadow at byte %llu is the second of its region; the store is damaged",
			    (unsigned long long)c[i].offset);
	return 0;
}

int store_blocks(struct store_file *s)
{
	struct store_chunk *chunks;
	void *table;
	size_t count;
	int error;

	if (s->h.granule_shift < LEAST_SHIFT || s->h.granule_shift > MOST_SHIFT)
		return model_error(s->m, -EBADMSG,
				   "granules of 2^%u bytes are impossible",
				   s->h.granule_shift);
	error =
	    store_file_table(s, STORE_CHUNKS, sizeof(*chunks), &table, &count);
	if (error)
		return error;
	chunks = table;
	error = select_chunks(s, chunks, &count);
	for (size_t i = 0; i < count && !error; i++)
		error = scan_chunk(s, &chunks[i]);
	free(table);
	return error;
}
