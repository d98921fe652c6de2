/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <stdbool.h>

#include "memory.h"
#include "own_memory.h"

#define PAGE       4096ull
#define ALIGN_MOST 4096 /* of an array's elements */

/* The words before the functions of a table: where the whole object begins,
 * from the part that the table is of, and the object's type. */
struct table {
	int64_t top;
	uint64_t type;
};

/* What was looked at last, by twelve bits of a hash: many pointers lead to few
 * places, and many objects have few tables, which nobody changes. */
#define KEPT (1u << 12)
struct inner {
	uint64_t places[KEPT]; /* block << 32 | offset */
	struct kept {
		uint64_t address;
		struct table table;
		bool is_one;
	} tables[KEPT];
};

static unsigned slot_of(uint64_t key)
{
	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> 52);
}

/* The mapping that holds all of [address, address + size); NULL: none. */
static const struct map *map_of(const struct picture *p, uint64_t address,
				uint64_t size)
{
	const struct map *m = memory_map(p->maps, p->map_count, address);

	return m && m->end - address >= size ? m : NULL;
}

/* A file may end before its mapping does: the kernel reads those. */
static bool read_words(const struct picture *p, uint64_t *to, uint64_t from,
		       unsigned count)
{
	const struct map *map = map_of(p, from, count * 8);

	if (!map || !map->readable || from % 8)
		return false;
	if (map->private && !map->inode)
		return stop_read(to, from, count * 8);
	return memory_peek(to, from, count * 8);
}

/* The program may guard a page that lies as a whole in the block: the kernel
 * reads it. */
static bool read_word(const struct picture *p, const struct rkn_block *b,
		      uint64_t offset, uint64_t *word)
{
	uint64_t at = b->address + offset, page = at & ~(PAGE - 1);

	if (!p->copies || page < b->address ||
	    page + PAGE > b->address + b->size)
		return read_words(p, word, at, 1);
	return at % 8 == 0 && memory_peek(word, at, 8);
}

/* Whether there is a table at `address`, in what nobody can write. */
static bool find_table(const struct picture *p, struct table *t,
		       uint64_t address)
{
	struct kept *k = &p->inner->tables[slot_of(address)];
	const uint64_t start = address - sizeof(*t);
	const struct map *map;
	uint64_t words[2];

	if (!address)
		return false;
	if (k->address != address) {
		k->address = address;
		map = address % 8 || address < sizeof(*t)
			  ? NULL
			  : map_of(p, start, sizeof(words) + 8);
		k->is_one = map && !map->writable && map->inode &&
			    read_words(p, words, start, 2);
		if (k->is_one)
			k->table =
			    (struct table){ (int64_t)words[0], words[1] };
	}
	*t = k->table;
	return k->is_one;
}

/*
 * An array whose elements have destructors has their number in the word before
 * the first one, and before that padding if the elements are more strictly
 * aligned. The object that the block is, and a base's part of it, begin with
 * pointers to tables of one type, which agree about the distance between them.
 */
void inner_note(struct picture *p, uint32_t block, uint64_t offset)
{
	const struct rkn_block *b = &p->blocks.list[block];
	const uint64_t key = (uint64_t)block << 32 | offset;
	struct table whole, part;
	uint64_t word;

	if (offset >= RKN_SEE_WIDE || offset >= b->size)
		return;
	if (!p->inner)
		p->inner = own_memory_map(sizeof(*p->inner));
	if (!p->inner || p->inner->places[slot_of(key)] == key)
		return;
	p->inner->places[slot_of(key)] = key;
	if (!(offset & (offset - 1)) && offset >= 8 && offset <= ALIGN_MOST &&
	    (b->address + offset) % offset == 0 &&
	    read_word(p, b, offset - 8, &word) && word &&
	    (b->size - offset) % word == 0 &&
	    (b->size - offset) / word % (offset > 8 ? offset : 1) == 0)
		wide_note_place(p, RKN_WIDE_ARRAY, block, offset);
	else if (offset % 8 == 0 && b->size >= 16 && offset <= b->size - 8 &&
		 read_word(p, b, 0, &word) && find_table(p, &whole, word) &&
		 !whole.top && read_word(p, b, offset, &word) &&
		 find_table(p, &part, word) && part.top == -(int64_t)offset &&
		 part.type == whole.type)
		wide_note_place(p, RKN_WIDE_BASE, block, offset);
}
