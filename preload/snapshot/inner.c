/* SPDX-License-Identifier: MIT */
#include "inner.h"

#include <stdbool.h>

#include "own_memory.h"
#include "picture.h"
#include "process.h"
#include "sys.h"
#include "wide.h"

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

/* --- Memory ----------------------------------------------------------------- */

/* The mapping that holds all of [address, address + size); NULL: none. */
static const struct map *map_of(const struct picture *p, uint64_t address,
				uint64_t size)
{
	const uint32_t low = maps_behind(p->maps, p->map_count, address);

	return low < p->map_count && p->maps[low].start <= address &&
		       p->maps[low].end - address >= size
		   ? &p->maps[low]
		   : NULL;
}

/* A file may end before its mapping does: those are read by the kernel. */
static bool read_words(const struct picture *p, uint64_t *to, uint64_t from,
		       unsigned count)
{
	const struct map *map = map_of(p, from, count * 8);

	if (!map || !map->readable || from % 8)
		return false;
	if (map->private && !map->inode)
		return stop_read(to, from, count * 8);
	return sys_peek(process.pid, to, from, count * 8) == (long)count * 8;
}

/* A page that lies in the block as a whole may be one that the program guards:
 * the kernel reads it. */
static bool read_word(const struct picture *p, const struct rkn_block *b,
		      uint64_t offset, uint64_t *word)
{
	uint64_t at = b->address + offset, page = at & ~(PAGE - 1);

	if (!p->copies || page < b->address ||
	    page + PAGE > b->address + b->size)
		return read_words(p, word, at, 1);
	return at % 8 == 0 && sys_peek(process.pid, word, at, 8) == 8;
}

/* --- Arrays ------------------------------------------------------------------- */

/*
 * The word before the first element of an array whose elements have destructors
 * is their number, and what is more strictly aligned than it has padding before
 * that.
 */
static bool is_array(const struct picture *p, const struct rkn_block *b,
		     uint64_t offset)
{
	uint64_t count, size = b->size - offset;

	if (offset & (offset - 1) || offset < 8 || offset > ALIGN_MOST ||
	    offset >= b->size || (b->address + offset) % offset)
		return false;
	return read_word(p, b, offset - 8, &count) && count &&
	       size % count == 0 &&
	       size / count % (offset > 8 ? offset : 1) == 0;
}

/* --- Bases -------------------------------------------------------------------- */

/* Is there a table at `address`, in what nobody can write? */
static bool read_table(const struct picture *p, struct table *t,
		       uint64_t address)
{
	const uint64_t start = address - sizeof(*t);
	const struct map *map;
	uint64_t words[2];

	if (address % 8 || address < sizeof(*t))
		return false;
	map = map_of(p, start, sizeof(words) + 8);
	if (!map || map->writable || !map->inode ||
	    !read_words(p, words, start, 2))
		return false;
	*t = (struct table){ (int64_t)words[0], words[1] };
	return true;
}

/* The same, read once. */
static bool find_table(const struct picture *p, struct table *t,
		       uint64_t address)
{
	struct kept *k = &p->inner->tables[slot_of(address)];

	if (!address)
		return false;
	if (k->address != address) {
		k->address = address;
		k->is_one = read_table(p, &k->table, address);
	}
	*t = k->table;
	return k->is_one;
}

/* The object that the block is, and a base's part of it, begin with pointers to
 * tables of one type, which agree about the distance between them. */
static bool is_base(const struct picture *p, const struct rkn_block *b,
		    uint64_t offset)
{
	struct table whole, part;
	uint64_t word;

	if (offset % 8 || b->size < 16 || offset > b->size - 8 ||
	    !read_word(p, b, 0, &word) || !find_table(p, &whole, word) ||
	    whole.top)
		return false;
	return read_word(p, b, offset, &word) && find_table(p, &part, word) &&
	       part.top == -(int64_t)offset && part.type == whole.type;
}

/* --- The whole ------------------------------------------------------------------ */

static bool is_seen(struct picture *p, uint32_t block, uint64_t offset)
{
	uint64_t key = (uint64_t)block << 32 | offset;
	uint64_t *seen = &p->inner->places[slot_of(key)];
	bool found = *seen == key;

	*seen = key;
	return found;
}

void inner_note(struct picture *p, uint32_t block, uint64_t offset)
{
	const struct rkn_block *b = &p->blocks.list[block];

	if (offset >= RKN_SEE_WIDE || offset >= b->size)
		return;
	if (!p->inner)
		p->inner = own_memory_map(sizeof(*p->inner));
	if (!p->inner || is_seen(p, block, offset))
		return;
	if (is_array(p, b, offset))
		wide_note_place(p, RKN_WIDE_ARRAY, block, offset);
	else if (is_base(p, b, offset))
		wide_note_place(p, RKN_WIDE_BASE, block, offset);
}
