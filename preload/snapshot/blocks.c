/* SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <cpuid.h>

#include "own_memory.h"

#define PAGE 4096ull

/* Which granules of 64 begin a block, and how many blocks begin before. */
struct entry {
	uint64_t starts;
	uint32_t before;
};

/* Entries of which some begin a block are kept together: most of a sparse
 * region needs none. */
#define GROUP 64
struct group {
	uint32_t before;
	uint32_t first; /* 1 + number of its first entry / GROUP; 0: none */
};

struct blocks_region {
	struct group *groups; /* NULL: no block begins here */
	uint32_t before;      /* blocks that begin in lower regions */
	bool known;           /* some block lies in it */
};

static unsigned entry_shift(void)
{
	return shadow.granule_shift + 6;
}

static uint64_t group_count(void)
{
	return STORE_REGION >> entry_shift() >> 6;
}

static_assert(GROUP == 1 << 6, "a group's entries are numbered by six bits");

static struct entry *entry_of(const struct blocks *b, const struct group *g,
			      uint64_t at)
{
	return &b->entries[(uint64_t)(g->first - 1) * GROUP +
			   (at >> entry_shift()) % GROUP];
}

/* Calls `f` for every live block of a region, in order of address. */
typedef void visit(struct blocks *b, const struct rkn_block *r, void *data);

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
			struct rkn_block r = {
				.address = base + (i << shadow.granule_shift),
				.size = *slot >> STORE_SIZE_SHIFT,
				.stack = shadow_stack(*slot),
			};

			if (!shadow_is_live(*slot))
				continue;
			if (*slot & STORE_BIG)
				r.size |= slot[2] >> 1 << 32;
			if (*slot & STORE_EXTRA) {
				r.birth = (slot[1] & ~STORE_WHOLE) >>
					  STORE_BIRTH_SHIFT;
				r.thread = slot[1] >> STORE_THREAD_SHIFT &
					   STORE_THREAD_MAX;
			}
			f(b, &r, data);
		}
	}
}

/* Slots that were never made ready hold nothing. */
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
		if (store_steps[at >> STORE_STEP_SHIFT])
			visit_step(b, region << STORE_REGION_SHIFT, slots, i,
				   end, f, data);
		i = end;
	}
}

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

static void count(struct blocks *b, const struct rkn_block *r, void *data)
{
	uint64_t *n = data;

	(void)b;
	(void)r;
	++*n;
}

/*
 * A block that begins inside the one before it: of the two the older one's
 * free was not seen.
 */
static void add(struct blocks *b, const struct rkn_block *r, void *data)
{
	(void)data;
	while (b->count) {
		const struct rkn_block *before = &b->list[b->count - 1];

		if (before->address + before->size <= r->address)
			break;
		b->lost++;
		if (before->birth > r->birth)
			return;
		b->count--;
	}
	b->list[b->count++] = *r;
}

/* One instruction where the processor has it. */
static inline uint32_t ones(const struct blocks *b, uint64_t x)
{
	uint64_t n = 0;

	if (likely(b->popcnt))
		__asm__("popcnt %1, %0" : "=r"(n) : "r"(x) : "cc");
	else
		for (; x; x &= x - 1)
			n++;
	return (uint32_t)n;
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
			struct group *g = &region->groups[i];
			struct entry *e;

			g->before = before;
			if (!g->first)
				continue;
			e = &b->entries[(uint64_t)(g->first - 1) * GROUP];
			for (unsigned k = 0; k < GROUP; k++) {
				e[k].before = before;
				before += ones(b, e[k].starts);
			}
		}
	}
}

bool blocks_list(struct blocks *b, bool kept)
{
	struct store_table *t = &store.header->tables[STORE_BLOCKS];
	uint64_t n = 0, size, offset;

	*b = (struct blocks){ .least = UINT64_MAX };
	visit_all(b, count, &n);
	if (n >= UINT32_MAX)
		return false;
	size = (n + 1) * sizeof(*b->list);
	if (kept) {
		offset = store_take(size);
		if (!offset || !store_ready(offset, size))
			return false;
		t->offset = offset;
		t->capacity = n;
		t->count = 0;
		b->list = store_at(offset);
	} else {
		b->list = own_memory_map(size);
	}
	if (!b->list)
		return false;
	b->kept = kept;
	visit_all(b, add, NULL);
	return true;
}

/* A large block covers regions in which nothing need begin. */
static void cover(struct blocks *b, const struct rkn_block *r, uint32_t i)
{
	const uint64_t first = r->address >> STORE_REGION_SHIFT;
	const uint64_t last =
	    (r->address + (r->size ? r->size - 1 : 0)) >> STORE_REGION_SHIFT;

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
	for (uint32_t i = 0; i < b->count; i++) {
		const struct rkn_block *r = &b->list[i];
		uint64_t at = r->address & (STORE_REGION - 1);
		struct blocks_region *region;
		struct group *g;
		cover(b, r, i);
		region = &b->regions[r->address >> STORE_REGION_SHIFT];
		if (!region->groups)
			region->groups =
			    own_memory_map(group_count() * sizeof(*g));
		if (!region->groups)
			return false;
		g = &region->groups[at >> entry_shift() >> 6];
		if (!g->first)
			g->first = ++b->groups;
		entry_of(b, g, at)->starts |=
		    1ull << (at >> shadow.granule_shift & 63);
	}
	if (b->count) {
		const struct rkn_block *end = &b->list[b->count - 1];

		b->least = b->list[0].address;
		b->most = end->address + end->size + 1;
		sum_up(b);
	}
	return true;
}

void blocks_prefetch(const struct blocks *b, uint64_t address)
{
	const struct blocks_region *region =
	    &b->regions[address >> STORE_REGION_SHIFT];
	uint64_t at = address & (STORE_REGION - 1);
	const struct group *g;

	if (!region->groups)
		return;
	g = &region->groups[at >> entry_shift() >> 6];
	if (g->first)
		__builtin_prefetch(entry_of(b, g, at));
}

uint32_t blocks_find(const struct blocks *b, uint64_t address, uint64_t *offset)
{
	const struct blocks_region *region;
	const struct rkn_block *r;
	uint32_t n;

	if (address < b->least || address >= b->most)
		return BLOCKS_NONE;
	region = &b->regions[address >> STORE_REGION_SHIFT];
	if (!region->known)
		return BLOCKS_NONE;
	n = region->before;
	if (region->groups) {
		uint64_t at = address & (STORE_REGION - 1);
		const struct group *g =
		    &region->groups[at >> entry_shift() >> 6];
		unsigned bit = at >> shadow.granule_shift & 63;
		const struct entry *e = NULL;

		n = g->before;
		if (g->first) {
			e = entry_of(b, g, at);
			n = e->before +
			    ones(b, e->starts & ((2ull << bit) - 1));
		}
		/* The usual case needs no look at the block itself. */
		if (e && e->starts >> bit & 1 &&
		    !(address & ((1u << shadow.granule_shift) - 1))) {
			*offset = 0;
			return n - 1;
		}
	}
	if (!n)
		return BLOCKS_NONE;
	r = &b->list[n - 1];
	*offset = address - r->address;
	/* C lets a pointer stand one past the end. */
	return *offset <= r->size ? n - 1 : BLOCKS_NONE;
}

uint32_t blocks_after(const struct blocks *b, uint64_t address)
{
	uint32_t low = 0, high = b->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (b->list[middle].address + b->list[middle].size <= address)
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

	if (i < b->count && b->list[i].address < page + PAGE)
		return true;
	if (!slot || !shadow_slot_known(slot))
		return false;
	for (uint64_t n = 0; n < PAGE >> shadow.granule_shift; n++)
		if (slot[n])
			return true;
	return false;
}
