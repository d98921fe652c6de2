/* SPDX-License-Identifier: MIT */
/*
 * Where the first words of blocks lead in modules: the table of a C++ class, of
 * functions, or the type of a CPython object.  Noted are the module, the offset
 * there and which word it was; and two small numbers where counts of references
 * may be.  Of what a block contains nothing else is kept.
 */
#include "picture.h"

#include "compiler.h"
#include "image.h"
#include "modules.h"
#include "own_memory.h"
#include "store.h"

/* The distinct places that are kept; those met later are not noted. */
#define PLACES_MOST (1u << 16)

#define WEAK_MOST 4095 /* of two ints in a word that is not an address */

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
	uint32_t counted; /* records of STORE_COUNTS */
	bool cut;         /* there is no room for more of STORE_FIRST, */
	bool counts_cut;  /* of STORE_COUNTS */
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

/* Takes room for a record of each block. */
static bool take(enum store_table_number table, uint64_t blocks)
{
	struct store_table *t = &store.header->tables[table];

	t->offset = store_take(blocks * t->record_size);
	return t->offset;
}

void first_open(struct picture *p)
{
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
	f->counts_cut = !take(STORE_COUNTS, p->blocks.count);
	if (f->slots && f->keys && take(STORE_FIRST, p->blocks.count))
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
 * with a reference count and their type, or have two words before them. *constant:
 * the first word leads to what is constant in a module. */
static int telling_word(struct first *f, const uint64_t *words, uint64_t count,
			bool *constant)
{
	const struct range *first = range_of(f, words[0]), *type;

	*constant = first && !first->writable;
	if (*constant)
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

/* --- Counts ----------------------------------------------------------------------- */

static uint16_t cut_count(uint64_t n)
{
	return n < RKN_COUNT_MOST ? (uint16_t)n : RKN_COUNT_MOST;
}

static COLD void put_counts(struct first *f, uint32_t block, uint64_t strong,
			    uint64_t weak)
{
	const struct store_table *t = &store.header->tables[STORE_COUNTS];
	const uint64_t size = sizeof(struct rkn_count);
	struct rkn_count *records = store_at(t->offset);

	if (f->counts_cut ||
	    !store_ready(t->offset + f->counted * size, size)) {
		f->counts_cut = true;
		return;
	}
	records[f->counted++] =
	    (struct rkn_count){ block, cut_count(strong), cut_count(weak) };
}

/*
 * All strong references together have one of the weak ones, so that the weak
 * count of what is there is never 0.  libstdc++ has two ints behind the first word,
 * libc++ two words, which do not count the first reference, and Rust begins with
 * two words.  What may be an address is no count: those of programs begin at
 * 64 KiB, those of mappings have more in their upper half than WEAK_MOST.
 * `constant`: the first word leads to what is constant in a module.
 */
static void note_counts(struct first *f, uint32_t block, const uint64_t *words,
			uint64_t count, bool constant)
{
	const uint64_t low = (uint32_t)words[1], high = words[1] >> 32;

	if (!constant) {
		if (words[0] < RKN_COUNT_MOST &&
		    words[1] - 1 < RKN_COUNT_MOST - 1)
			put_counts(f, block, words[0], words[1]);
	} else if (high - 1 < WEAK_MOST && low <= INT32_MAX) {
		put_counts(f, block, low, high);
	} else if (count > 2 && words[1] + 1 < RKN_COUNT_MOST &&
		   words[2] < RKN_COUNT_MOST - 1) {
		put_counts(f, block, words[1] + 1, words[2] + 1);
	}
}

void first_note(struct picture *p, uint32_t block, const uint64_t *words,
		uint64_t count)
{
	struct first *f = p->first;
	bool constant = false;
	const int word = telling_word(f, words, count, &constant);
	uint32_t number;

	if (count > 1)
		note_counts(f, block, words, count, constant);
	if (likely(word < 0))
		return;
	number = number_of(f, words[word] | (uint64_t)word << WORD_SHIFT);
	if (number != RKN_NONE)
		put(f, block, number);
}

void first_finish(struct picture *p)
{
	struct store_table *t = &store.header->tables[STORE_FIRST];
	struct store_table *counts = &store.header->tables[STORE_COUNTS];
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
	counts->count = counts->capacity = f->counted;
}
