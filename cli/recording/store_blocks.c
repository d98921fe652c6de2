/* SPDX-License-Identifier: MIT */
/*
 * Live blocks out of a store: as the snapshot lists them, with what the shadow
 * has of them; or out of the shadow alone, for processes that took no snapshot.
 * The process may be at work on it: a slot read halfway gives at worst one
 * block too many or too few.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
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

static void take_extra(const struct store_file *s, struct rkn_block *b,
		       uint64_t extra)
{
	b->birth = store_birth(extra);
	b->thread = extra >> STORE_THREAD_SHIFT & STORE_THREAD_MAX;
	if (b->thread >= s->parts.of[RKN_CHUNK_THREADS].count)
		b->thread = 0;
}

static struct rkn_block decode(const struct store_file *s, uint64_t address,
			       const uint64_t *slot)
{
	struct rkn_block b = {
		.address = address,
		.size = *slot >> STORE_SIZE_SHIFT,
		.stack = store_file_stack(s, *slot >> STORE_STACK_SHIFT &
						 STORE_STACK_MAX),
	};

	if (*slot & STORE_EXTRA)
		take_extra(s, &b, slot[1]);
	if (*slot & STORE_BIG)
		b.size |= slot[2] >> 1 << 32;
	return b;
}

static int read_slots(struct store_file *s, uint64_t *slots, uint64_t size,
		      uint64_t offset)
{
	const int error = store_file_read(s, slots, size, offset);

	return error ? model_error(s->m, error, "the shadow at byte %llu: %s",
				   (unsigned long long)offset, strerror(-error))
		     : 0;
}

static int scan_chunk(struct store_file *s, const struct store_chunk *c)
{
	uint64_t from = c->offset, to;
	uint64_t end = c->offset + slots_size(s) - BEHIND;
	uint64_t base = c->region << STORE_REGION_SHIFT;
	uint64_t *slots = calloc(1, slots_size(s));
	int error;

	if (!slots)
		return model_error(s->m, -ENOMEM, "out of memory");
	error = read_slots(s, slots, slots_size(s), c->offset);

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

/* Calls `f` for each chunk of the shadow, in order of address. */
static int each_chunk(struct store_file *s,
		      int (*f)(struct store_file *s,
			       const struct store_chunk *c))
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
		error = f(s, &chunks[i]);
	free(table);
	return error;
}

int store_blocks(struct store_file *s)
{
	return each_chunk(s, scan_chunk);
}

/* --- As the snapshot lists them --------------------------------------------------- */

static bool is_same(const struct rkn_block *b, const struct rkn_block *now)
{
	return b->size == now->size && b->stack == now->stack;
}

#define WINDOW 8192u /* slots that are read at once: 64 KiB */

/* What the shadow has of the blocks in a chunk. */
static int look_in_chunk(struct store_file *s, const struct store_chunk *c)
{
	const struct chunk_array *part = &s->parts.of[RKN_CHUNK_BLOCKS];
	const uint64_t base = c->region << STORE_REGION_SHIFT;
	struct rkn_block *b = part->records;
	size_t i = LOWER_BOUND(part->count, n, b[n].address < base);
	uint64_t *slots, start = 0, end = 0;
	int error = 0;

	if (i == part->count || b[i].address - base >= STORE_REGION)
		return 0;
	slots = malloc(WINDOW * sizeof(*slots));
	if (!slots)
		return model_error(s->m, -ENOMEM, "out of memory");
	for (; i < part->count && b[i].address - base < STORE_REGION; i++) {
		const uint64_t at = (b[i].address - base) >> s->h.granule_shift;
		const uint64_t *slot;
		struct rkn_block now;

		/* A block has three slots at most; a damaged list has no
		 * order. */
		if (at < start || at + 3 > end) {
			start = at;
			end = start + WINDOW;
			memset(slots, 0, WINDOW * sizeof(*slots));
			error = read_slots(s, slots, WINDOW * sizeof(*slots),
					   c->offset + 8 * start);
			if (error)
				break;
		}
		slot = slots + (at - start);
		now = decode(s, b[i].address, slot);
		if ((*slot & (STORE_HEAD | STORE_FREED)) == STORE_HEAD &&
		    is_same(&b[i], &now))
			b[i] = now;
	}
	free(slots);
	return error;
}

static int read_extras(struct store_file *s)
{
	const struct chunk_array *part = &s->parts.of[RKN_CHUNK_BLOCKS];
	struct rkn_block *b = part->records;
	const uint64_t *extras;
	void *table;
	size_t count;
	int error =
	    store_file_table(s, STORE_EXTRAS, sizeof(*extras), &table, &count);

	extras = table;
	for (size_t i = 0; i < count && i < part->count; i++)
		take_extra(s, &b[i], extras[i]);
	free(table);
	return error;
}

int store_listed_blocks(struct store_file *s)
{
	const struct store_table *t = &s->h.tables[STORE_BLOCKS];
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_BLOCKS];
	const struct store_block *list;
	struct rkn_block *b;
	void *table;
	size_t count;
	int error =
	    store_file_table(s, STORE_BLOCKS, sizeof(*list), &table, &count);

	if (!error && count != t->count && !s->m->truncated)
		error = model_error(
		    s->m, -EBADMSG,
		    "blocks at byte %llu: only %zu of %llu are there; the store is damaged",
		    (unsigned long long)t->offset, count,
		    (unsigned long long)t->count);
	if (!error && chunk_array_take(part, sizeof(*b), count))
		error = model_error(s->m, -ENOMEM,
				    "out of memory for %zu blocks", count);
	list = table;
	b = part->records;
	for (size_t i = 0; !error && i < count; i++)
		b[i] = (struct rkn_block){
			.address = store_block_address(&list[i]),
			.size = store_block_size(&list[i]),
			.stack = store_file_stack(s, list[i].head >>
							     STORE_STACK_SHIFT &
							 STORE_STACK_MAX),
		};
	free(table);
	if (error)
		return error;
	return s->h.tables[STORE_EXTRAS].offset ? read_extras(s)
						: each_chunk(s, look_in_chunk);
}
