/* SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <cpuid.h>

#include "own_memory.h"

#define PAGE 4096ull

#define GROUP BLOCKS_GROUP

static uint64_t group_count(void)
{
	return STORE_REGION >> blocks_entry_shift() >> 6;
}

/* Calls `f` for every live block of a region, in order of address. */
typedef void visit(struct blocks *b, struct store_block r, uint64_t extra,
		   void *data);

typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Is one of 8 slots a live block's? */
static inline bool any_live(const uint64_t *slots)
{
	const pair *p = (const pair *)slots;
	pair live;

	static_assert(STORE_HEAD == 1 && STORE_FREED == 2, "bits have moved");
	live = (p[0] & ~(p[0] >> 1)) | (p[1] & ~(p[1] >> 1)) |
	       (p[2] & ~(p[2] >> 1)) | (p[3] & ~(p[3] >> 1));
	return (live[0] | live[1]) & STORE_HEAD;
}

/* How many of `n` slots are live blocks'. */
static uint64_t count_live(const uint64_t *slots, uint64_t n)
{
	uint64_t live = 0;

	for (uint64_t i = 0; i < n; i++)
		live += slots[i] & ~(slots[i] >> 1) & STORE_HEAD;
	return live;
}

static void visit_step(struct blocks *b, uint64_t base, const uint64_t *slots,
		       uint64_t first, uint64_t last, visit *f, void *data)
{
	for (uint64_t i = first; i < last;) {
		if (last - i >= 8 && !any_live(slots + i)) {
			i += 8;
			continue;
		}
		for (uint64_t end = last - i < 8 ? last : i + 8; i < end; i++) {
			const uint64_t *slot = slots + i;
			const uint64_t head = READ_ONCE(*slot);
			uint64_t place = base + (i << shadow.granule_shift);

			if (!shadow_is_live(head))
				continue;
			if (head & STORE_BIG)
				place |= slot[2] >> 1 << STORE_PLACE_BITS;
			f(b, (struct store_block){ place, head },
			  head & STORE_EXTRA ? slot[1] : 0, data);
		}
	}
}

/* Slots that were never made ready hold nothing. `f` NULL: see visit_all(). */
static void visit_region(struct blocks *b, uint64_t region, visit *f,
			 void *data)
{
	const uint64_t *slots = shadow.regions[region];
	uint64_t offset =
	    (uint64_t)((const char *)slots - (const char *)store.header);
	uint64_t count = STORE_REGION >> shadow.granule_shift;

	for (uint64_t i = 0; i < count;) {
		uint64_t at = offset + i * sizeof(*slots);
		uint64_t next = ((at >> STORE_STEP_SHIFT) + 1)
				<< STORE_STEP_SHIFT;
		uint64_t end = (next - offset) / sizeof(*slots);

		if (end > count)
			end = count;
		if (!store_steps[at >> STORE_STEP_SHIFT])
			; /* nothing */
		else if (f)
			visit_step(b, region << STORE_REGION_SHIFT, slots, i,
				   end, f, data);
		else
			*(uint64_t *)data += count_live(slots + i, end - i);
		i = end;
	}
}

/* `f` NULL: only counts them, in data, a uint64_t. */
static void visit_all(struct blocks *b, visit *f, void *data)
{
	const struct store_table *t = &store.header->tables[STORE_CHUNKS];
	const struct store_chunk *c = store_at(t->offset);

	/* Chunks come in order of need: find each next higher region. */
	for (uint64_t last = 0;;) {
		uint64_t next = STORE_REGIONS;

		for (uint64_t i = 1; i < t->count && i < t->capacity; i++)
			if (c[i].offset && c[i].region >= last &&
			    c[i].region < next)
				next = c[i].region;
		if (next == STORE_REGIONS)
			return;
		visit_region(b, next, f, data);
		last = next + 1;
	}
}

static uint64_t block_end(const struct store_block *r)
{
	return store_block_address(r) + store_block_size(r);
}

uint64_t blocks_extra(const struct blocks *b, uint32_t i)
{
	const struct store_block *r = &b->list[i];

	if (b->extras)
		return b->extras[i];
	return r->head & STORE_EXTRA ? shadow_slot(store_block_address(r))[1]
				     : 0;
}

/*
 * A block that begins inside the one before it: of the two the older one's
 * free was not seen.
 */
static void add(struct blocks *b, struct store_block r, uint64_t extra,
		void *data)
{
	uint64_t *end = data; /* of the block before */

	while (unlikely(*end > store_block_address(&r))) {
		b->lost++;
		if (shadow_birth(blocks_extra(b, b->count - 1)) >
		    shadow_birth(extra))
			return;
		*end = --b->count ? block_end(&b->list[b->count - 1]) : 0;
	}
	if (b->count == b->room)
		return;
	if (b->extras)
		b->extras[b->count] = extra;
	b->list[b->count++] = r;
	*end = block_end(&r);
}

void blocks_sift(struct blocks *b, blocks_keeps *keeps, void *data)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		if (!keeps(&b->list[i], data))
			continue;
		if (b->extras)
			b->extras[kept] = b->extras[i];
		b->list[kept++] = b->list[i];
	}
	b->count = kept;
}

/* Fills in `before` everywhere, now that all starts are known. */
static void sum_up(struct blocks *b)
{
	uint64_t first = b->least >> STORE_REGION_SHIFT;
	uint64_t last = (b->most - 1) >> STORE_REGION_SHIFT;

	for (uint64_t n = first; n <= last && n < STORE_REGIONS; n++) {
		struct blocks_region *region = &b->regions[n];
		uint32_t before = region->before;

		for (uint64_t i = 0; region->groups && i < group_count(); i++) {
			struct blocks_group *g = &region->groups[i];
			struct blocks_entry *e;

			g->before = before;
			if (!g->first)
				continue;
			e = &b->entries[(uint64_t)(g->first - 1) * GROUP];
			for (unsigned k = 0; k < GROUP; k++) {
				e[k].before = before;
				before += blocks_ones(b, e[k].starts);
			}
		}
	}
}

/* Room for `n` records and one more; NULL: there is none. `kept`: in the
 * store. */
static void *take(enum store_table_number table, uint64_t n, bool kept)
{
	struct store_table *t = &store.header->tables[table];
	const uint64_t size = (n + 1) * t->record_size;
	uint64_t offset;

	if (!kept)
		return own_memory_map(size);
	offset = store_take(size);
	if (!offset || !store_ready(offset, size))
		return NULL;
	t->offset = offset;
	t->capacity = n;
	t->count = 0;
	return store_at(offset);
}

/* A block that a running thread makes meanwhile may have no room, and then it is
 * not listed. */
bool blocks_list(struct blocks *b, bool kept, bool moves)
{
	uint64_t n = 0, end = 0;

	*b = (struct blocks){ .least = UINT64_MAX };
	visit_all(b, NULL, &n);
	if (n >= UINT32_MAX)
		return false;
	b->list = take(STORE_BLOCKS, n, kept);
	if (moves)
		b->extras = take(STORE_EXTRAS, n, kept);
	if (!b->list || (moves && !b->extras)) {
		/* There is no list. */
		if (kept)
			store.header->tables[STORE_BLOCKS].offset = 0;
		return false;
	}
	b->kept = kept;
	b->room = (uint32_t)n;
	visit_all(b, add, &end);
	return true;
}

/* A large block covers regions in which nothing need begin. */
static void cover(struct blocks *b, const struct store_block *r, uint32_t i)
{
	const uint64_t address = store_block_address(r);
	const uint64_t size = store_block_size(r);
	const uint64_t first = address >> STORE_REGION_SHIFT;
	const uint64_t last =
	    (address + (size ? size - 1 : 0)) >> STORE_REGION_SHIFT;

	for (uint64_t n = first; n <= last && n < STORE_REGIONS; n++) {
		if (!b->regions[n].known)
			b->regions[n].before = n == first ? i : i + 1;
		b->regions[n].known = true;
	}
}

/* Asked for here: what the compiler brings for the question asks for all that
 * there is whenever the library is loaded, and each answer of a virtual machine's
 * takes microseconds. */
static bool counts_bits(void)
{
	unsigned a, b, c, d;

	return !sys_cpuid_faults() && __get_cpuid(1, &a, &b, &c, &d) &&
	       c & bit_POPCNT;
}

/* Adds blocks from `i` on to the index, as far as they begin in one region.
 * Returns the next; BLOCKS_NONE: there is no memory. */
static uint32_t index_region(struct blocks *b, uint32_t i)
{
	const uint64_t number =
	    store_block_address(&b->list[i]) >> STORE_REGION_SHIFT;
	struct blocks_region *region = &b->regions[number];

	cover(b, &b->list[i], i);
	region->groups =
	    own_memory_map(group_count() * sizeof(*region->groups));
	if (!region->groups)
		return BLOCKS_NONE;
	for (; i < b->count; i++) {
		const uint64_t address = store_block_address(&b->list[i]);
		const uint64_t at = address & (STORE_REGION - 1);
		struct blocks_group *g;

		if (address >> STORE_REGION_SHIFT != number)
			break;
		g = &region->groups[at >> blocks_entry_shift() >> 6];
		if (!g->first)
			g->first = ++b->groups;
		blocks_entry_of(b, g, at)->starts |=
		    1ull << (at >> shadow.granule_shift & 63);
	}
	/* Only the last can reach out of it. */
	cover(b, &b->list[i - 1], i - 1);
	return i;
}

bool blocks_index(struct blocks *b)
{
	uint64_t most;

	b->popcnt = counts_bits();
	b->regions = own_memory_map(STORE_REGIONS * sizeof(*b->regions));
	/* At most one for each block, and as many as all regions have. */
	most = store.header->tables[STORE_CHUNKS].count * group_count();
	if (most > b->count + 1ull)
		most = b->count + 1ull;
	b->entries = own_memory_map(most * GROUP * sizeof(*b->entries));
	if (!b->regions || !b->entries)
		return false;
	if (b->kept)
		store.header->tables[STORE_BLOCKS].count = b->count;
	if (b->kept && b->extras)
		store.header->tables[STORE_EXTRAS].count = b->count;
	for (uint32_t i = 0; i < b->count;) {
		i = index_region(b, i);
		if (i == BLOCKS_NONE)
			return false;
	}
	if (b->count) {
		b->least = store_block_address(&b->list[0]);
		b->most = block_end(&b->list[b->count - 1]) + 1;
		sum_up(b);
	}
	return true;
}

uint32_t blocks_find(const struct blocks *b, uint64_t address, uint64_t *offset)
{
	if (address < b->least || address >= b->most)
		return BLOCKS_NONE;
	return blocks_find_by(b, blocks_entry(b, address), address, offset);
}

uint32_t blocks_after(const struct blocks *b, uint64_t address)
{
	uint32_t low = 0, high = b->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const struct store_block *r = &b->list[middle];

		if (block_end(r) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool blocks_page_used(const struct blocks *b, uint64_t address)
{
	uint64_t page = address & ~(PAGE - 1);
	const uint64_t *slot = shadow_slot(page);
	uint32_t i = blocks_after(b, page);

	if (i < b->count && store_block_address(&b->list[i]) < page + PAGE)
		return true;
	if (!slot || !shadow_slot_known(slot))
		return false;
	for (uint64_t n = 0; n < PAGE >> shadow.granule_shift; n++)
		if (slot[n])
			return true;
	return false;
}
