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
	const struct map *map; /* where something was found last */
	uint64_t places[KEPT]; /* block << 32 | offset */
	struct whole {
		uint32_t number; /* 1 + number of the block */
		bool is_one;     /* it begins with a table of the whole */
		uint64_t type;
	} wholes[KEPT];
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
	const struct map *m = p->inner->map;

	if (!m || address < m->start || address >= m->end)
		m = memory_map(p->maps, p->map_count, address);
	if (!m)
		return NULL;
	p->inner->map = m;
	return m->end - address >= size ? m : NULL;
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
static bool read_word(const struct picture *p, const struct store_block *b,
		      uint64_t offset, uint64_t *word)
{
	uint64_t at = store_block_address(b) + offset, page = at & ~(PAGE - 1);

	if (!p->copies || page < store_block_address(b) ||
	    page + PAGE > store_block_address(b) + store_block_size(b))
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

/* Whether the block begins with a table that is of all of it; *type is then its
 * object's. */
static bool find_whole(const struct picture *p, uint32_t block, uint64_t *type)
{
	struct whole *w = &p->inner->wholes[block % KEPT];
	uint8_t *other = &p->others[block / 8];
	struct table table;
	uint64_t word;

	if (*other >> block % 8 & 1)
		return false;
	if (w->number != block + 1) {
		w->number = block + 1;
		w->is_one = read_word(p, &p->blocks.list[block], 0, &word) &&
			    find_table(p, &table, word) && !table.top;
		if (!w->is_one)
			*other |= (uint8_t)(1u << block % 8);
		w->type = w->is_one ? table.type : 0;
	}
	*type = w->type;
	return w->is_one;
}

/* Whether elements that are as strictly aligned as the place is far from the
 * block's start may begin there. */
static bool may_be_array(const struct store_block *b, uint64_t offset)
{
	return !(offset & (offset - 1)) && offset >= 8 &&
	       offset <= ALIGN_MOST &&
	       (store_block_address(b) + offset) % offset == 0;
}

static bool is_array(const struct picture *p, const struct store_block *b,
		     uint64_t offset)
{
	const uint64_t rest = store_block_size(b) - offset;
	uint64_t word;

	return read_word(p, b, offset - 8, &word) && word && rest % word == 0 &&
	       rest / word % (offset > 8 ? offset : 1) == 0;
}

/* `type`: the block's. */
static bool is_base(const struct picture *p, const struct store_block *b,
		    uint64_t offset, uint64_t type)
{
	struct table part;
	uint64_t word;

	return read_word(p, b, offset, &word) && find_table(p, &part, word) &&
	       part.top == -(int64_t)offset && part.type == type;
}

static bool open_inner(struct picture *p)
{
	struct inner *inner = own_memory_map(sizeof(*inner));

	if (inner)
		p->others = own_memory_map(p->blocks.count / 8 + 1);
	if (inner && p->others)
		p->inner = inner;
	return p->inner;
}

/*
 * An array whose elements have destructors has their number in the word before
 * the first one, and before that padding if the elements are more strictly
 * aligned. The object that the block is, and a base's part of it, begin with
 * pointers to tables of one type, which agree about the distance between them.
 */
void inner_note(struct picture *p, uint32_t block, uint64_t offset)
{
	const struct store_block *b = &p->blocks.list[block];
	const uint64_t size = store_block_size(b);
	const uint64_t key = (uint64_t)block << 32 | offset;
	bool array, base;
	uint64_t type;

	if (offset >= RKN_SEE_WIDE || offset >= size)
		return;
	if (!p->inner && !open_inner(p))
		return;
	array = may_be_array(b, offset);
	base = offset % 8 == 0 && size >= 16 && offset <= size - 8 &&
	       find_whole(p, block, &type);
	if ((!array && !base) || p->inner->places[slot_of(key)] == key)
		return;
	p->inner->places[slot_of(key)] = key;
	if (array && is_array(p, b, offset))
		wide_note_place(p, RKN_WIDE_ARRAY, block, offset);
	else if (base && is_base(p, b, offset, type))
		wide_note_place(p, RKN_WIDE_BASE, block, offset);
}
