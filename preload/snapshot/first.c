/* SPDX-License-Identifier: MIT */
/*
 * Where the first words of blocks lead in modules: the table of a C++ class, of
 * functions, or the type of a CPython object.  Noted are the module, the offset
 * there and which word it was; of what a block contains nothing else is kept.
 */
#include "picture.h"

#include "compiler.h"
#include "image.h"
#include "modules.h"
#include "own_memory.h"
#include "store.h"

/* The distinct places that are kept; those met later are not noted. */
#define PLACES_MOST (1u << 16)

#define WORD_SHIFT   56 /* in a key: above every address */
#define ADDRESS_MASK ((1ull << WORD_SHIFT) - 1)

/* What a mapping has of a module's file. */
struct range {
	uint64_t start, end;
	bool writable;
};

struct slot {
	uint64_t key; /* address and word; 0: free */
	uint32_t number;
};

struct first {
	struct range *ranges; /* ascending */
	uint32_t range_count;
	uint64_t gap, gap_size; /* where no range is, as found last */
	struct slot *slots;     /* open addressing, at most half full */
	unsigned slot_shift;    /* 64 less the bits of a slot's number */
	uint64_t *keys;         /* of the places, by number */
	uint32_t place_count, place_most;
	uint32_t written; /* records of STORE_FIRST */
	bool cut;         /* there is no room for more of them */
};

/* The range that holds `address`; NULL: none. */
static const struct range *range_of(struct first *f, uint64_t address)
{
	uint32_t low = 0, high = f->range_count;

	if (address - f->gap < f->gap_size)
		return NULL;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (f->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < f->range_count && f->ranges[low].start <= address)
		return &f->ranges[low];
	f->gap = low ? f->ranges[low - 1].end : 0;
	f->gap_size =
	    (low < f->range_count ? f->ranges[low].start : UINT64_MAX) - f->gap;
	return NULL;
}

/* Mappings of modules' files, and what the loader filled and protected; those of
 * other files do not count. */
static bool list_ranges(struct first *f, const struct picture *p)
{
	struct image image;

	f->ranges = own_memory_map(p->map_count * sizeof(*f->ranges));
	if (!f->ranges)
		return false;
	for (uint32_t i = 0; i < p->map_count; i++) {
		const struct map *m = &p->maps[i];
		uint64_t start = m->start;

		if ((!m->inode && m->writable) || !m->private || !m->readable ||
		    !image_find(start, &image))
			continue;
		/* The loader's own blocks begin with a module's address. */
		if (start == image.start)
			start += sizeof(ElfW(Ehdr));
		f->ranges[f->range_count++] =
		    (struct range){ start, m->end, m->writable };
	}
	return f->range_count > 0;
}

void first_open(struct picture *p)
{
	struct store_table *t = &store.header->tables[STORE_FIRST];
	struct first *f = own_memory_map(sizeof(*f));
	unsigned bits = 4;

	if (!f || !p->blocks.count || !list_ranges(f, p))
		return;
	while (1ull << bits < 2ull * p->blocks.count &&
	       1u << bits < 2 * PLACES_MOST)
		bits++;
	f->slot_shift = 64 - bits;
	f->place_most = 1u << (bits - 1);
	f->slots = own_memory_map(sizeof(*f->slots) << bits);
	f->keys = own_memory_map(sizeof(*f->keys) << (bits - 1));
	t->offset = store_take(p->blocks.count * t->record_size);
	if (f->slots && f->keys && t->offset)
		p->first = f;
}

/* The number of the place; RKN_NONE: there is no room for it. */
static uint32_t number_of(struct first *f, uint64_t key)
{
	const uint32_t mask = (uint32_t)(1ull << (64 - f->slot_shift)) - 1;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> f->slot_shift);

	for (; f->slots[i].key; i = (i + 1) & mask)
		if (f->slots[i].key == key)
			return f->slots[i].number;
	if (f->place_count == f->place_most)
		return RKN_NONE;
	f->keys[f->place_count] = key;
	f->slots[i] = (struct slot){ key, f->place_count };
	return f->place_count++;
}

/* Blocks come in ascending order; those that are left out have no place. */
static void put(struct first *f, uint32_t block, uint32_t number)
{
	const struct store_table *t = &store.header->tables[STORE_FIRST];
	const uint64_t size = t->record_size;
	uint32_t *records = store_at(t->offset);

	if (f->cut || block < f->written ||
	    !store_ready(t->offset + f->written * size,
			 (block + 1ull - f->written) * size)) {
		f->cut = true;
		return;
	}
	while (f->written < block)
		records[f->written++] = RKN_NONE;
	records[f->written++] = number;
}

/* Reference counts of objects: those that are never freed have a large one. */
static bool is_count(uint64_t word)
{
	return word - 1 < UINT32_MAX;
}

/* Which word of the block tells what it is; -1: none. CPython's objects begin
 * with a reference count and their type, or have two words before them. */
static int telling_word(struct first *f, const uint64_t *words, uint64_t count)
{
	const struct range *first = range_of(f, words[0]), *type;

	if (first && !first->writable)
		return 0;
	if (count > 1 && is_count(words[0])) {
		type = range_of(f, words[1]);
		if (type && type->writable)
			return 1;
	}
	if (count > 3 && is_count(words[2])) {
		type = range_of(f, words[3]);
		if (type && type->writable)
			return 3;
	}
	return first ? 0 : -1;
}

void first_note(struct picture *p, uint32_t block, const uint64_t *words,
		uint64_t count)
{
	struct first *f = p->first;
	const int word = telling_word(f, words, count);
	uint32_t number;

	if (likely(word < 0))
		return;
	number = number_of(f, words[word] | (uint64_t)word << WORD_SHIFT);
	if (number != RKN_NONE)
		put(f, block, number);
}

void first_finish(struct picture *p)
{
	struct store_table *t = &store.header->tables[STORE_FIRST];
	struct first *f = p->first;
	struct picture_list list;

	if (!f)
		return;
	picture_list_init(&list, STORE_PLACES);
	for (uint32_t i = 0; i < f->place_count; i++) {
		const uint64_t address = f->keys[i] & ADDRESS_MASK;
		const uint32_t module = modules_find(address);
		const struct rkn_module *m =
		    module == RKN_NONE ? NULL
				       : store_record(STORE_MODULES, module);
		struct rkn_place *place = picture_list_add(&list);

		if (!place) {
			store.header->tables[STORE_PLACES].count = 0;
			return;
		}
		place->offset = m ? address - m->base : 0;
		place->module = m ? module : RKN_NONE;
		place->word = (uint32_t)(f->keys[i] >> WORD_SHIFT);
	}
	picture_list_finish(p, &list);
	t->count = t->capacity = f->written;
}
