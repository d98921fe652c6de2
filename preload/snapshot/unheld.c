/* SPDX-License-Identifier: MIT */
#include "unheld.h"

#include "contexts.h"
#include "heap.h"
#include "mapped.h"
#include "members.h"
#include "memory.h"
#include "modules.h"
#include "ordered.h"
#include "own_memory.h"

#define PAGE       4096ull
#define PAGE_SHIFT 12
#define CONTROL    4096ull /* glibc's struct pthread, from the pointer up */

/* A word keeps it that is in least .. most. */
struct unheld_mapping {
	uint64_t start, end;
	uint64_t least, most; /* start and end, and what was unmapped of it */
	uint32_t number;      /* in the table, by start */
};

static struct store_mapped *record(const struct unheld *u, uint32_t number)
{
	return store_record(STORE_MAPPED, u->all[number].value);
}

/* --- Which mappings are looked for ------------------------------------------------ */

/* What the program can find again without a pointer, or has not for itself. */
#define NOT_FLAGS                                                              \
	(RKN_MAPPED_FILE | RKN_MAPPED_SHARED | RKN_MAPPED_FIXED |              \
	 RKN_MAPPED_BREAK | RKN_MAPPED_NEAR)

/* The kernel may have it no more, or something else there: it was unmapped by a
 * way that is not seen. Without access it holds nothing. */
static bool is_there(const struct picture *p, const struct store_mapped *m)
{
	uint32_t i = maps_behind(p->maps, p->map_count, m->start);
	bool accessible = false;

	for (uint64_t at = m->start; at < m->end; at = p->maps[i++].end) {
		const struct map *map = &p->maps[i];

		if (i == p->map_count || map->start > at || !map->private ||
		    map->inode || *map->name == '[')
			return false;
		accessible |= map->readable || map->writable;
	}
	return accessible;
}

/* A thread runs there, or has its own data there, or gets its signals there. */
static bool is_stack(const struct store_mapped *m)
{
	uint64_t first;

	return members_on(m->start, m->end) ||
	       members_signals_in(m->start, m->end) ||
	       members_pointers(m->start > CONTROL ? m->start - CONTROL : 0,
				m->end + 1, &first) ||
	       contexts_know(m->start, m->end);
}

/* An allocator has it: the blocks in it are judged. */
static bool has_blocks(const struct picture *p, const struct store_mapped *m)
{
	const uint32_t i = blocks_after(&p->blocks, m->start);

	return (i < p->blocks.count &&
		store_block_address(&p->blocks.list[i]) < m->end) ||
	       heap_part_end(m->start, p->maps, p->map_count);
}

/* The program said that it is in use. */
static bool is_declared(const struct store_mapped *m)
{
	const struct store_table *t = &store.header->tables[STORE_SPANS];

	for (uint64_t i = 1; i < t->count; i++) {
		const struct store_span *s = store_record(STORE_SPANS, i);

		if (s && s->start < m->end && s->start + s->size > m->start)
			return true;
	}
	return false;
}

static bool is_wanted(const struct picture *p, const struct store_mapped *m)
{
	return !(m->flags & NOT_FLAGS) && is_there(p, m) && !is_stack(m) &&
	       !has_blocks(p, m) && modules_find(m->start) == RKN_NONE &&
	       !is_declared(m);
}

/* What was unmapped of the same mapping, as long as nothing else is there: its
 * old start may be what the program has kept. False: something is. */
static bool add_unmapped(const struct unheld *u, struct unheld_mapping *to)
{
	const struct store_mapped *m = record(u, to->number);
	const uint64_t before = m->before * PAGE, behind = m->behind * PAGE;
	const struct store_mapped *other;

	to->least = m->start > before ? m->start - before : 0;
	to->most = m->end + behind;
	if (to->number) {
		other = record(u, to->number - 1);
		if (before && other->end > to->least) {
			if (!other->behind)
				return false;
			to->least = other->end;
		}
	}
	if (to->number + 1 < u->all_count) {
		other = record(u, to->number + 1);
		if (behind && other->start < to->most) {
			if (!other->before)
				return false;
			to->most = other->start;
		}
	}
	return true;
}

/* Two at one place: one of them was unmapped by a way that is not seen. */
static bool is_single(const struct unheld *u, uint32_t i)
{
	return (!i || record(u, i - 1)->end <= u->all[i].key) &&
	       (i + 1 == u->all_count ||
		u->all[i + 1].key >= record(u, i)->end);
}

static void narrow(const struct picture *p, struct unheld *u)
{
	const struct blocks *b = &p->blocks;
	uint64_t most;

	u->lowest = u->count ? u->list[0].least : 0;
	most = u->count ? u->list[u->count - 1].most : 0;
	u->addresses = most - u->lowest;
	u->first_page = u->lowest >> PAGE_SHIFT;
	u->pages = (most >> PAGE_SHIFT) - u->first_page;
	u->least = b->least < u->first_page ? b->least : u->first_page;
	most = b->most > most ? b->most : most;
	u->span = most - u->least;
}

/* False: there is nothing to look for, or no memory. */
static bool list_all(struct unheld *u)
{
	const struct store_table *t = &store.header->tables[STORE_MAPPED];
	struct ordered *all;

	if (t->count <= 1 || !mapped_settled())
		return false;
	all = own_memory_map(t->count * sizeof(*all));
	u->list = own_memory_map(t->count * sizeof(*u->list));
	u->bits = own_memory_map(t->count / 8 + 1);
	if (!all || !u->list || !u->bits)
		return false;
	for (uint64_t i = 1; i < t->count; i++) {
		struct store_mapped *m = store_record(STORE_MAPPED, i);

		if (!m || !m->site)
			continue;
		/* As a snapshot before has it. */
		m->flags &= ~(uint32_t)(RKN_MAPPED_UNHELD | RKN_MAPPED_BESIDE);
		all[u->all_count++] = (struct ordered){ m->start, i };
	}
	ordered_sort(all, u->all_count);
	u->all = all;
	return u->all_count;
}

void unheld_begin(struct picture *p)
{
	const struct store_table *t = &store.header->tables[STORE_MAPPED];
	struct unheld *u;

	/* Another allocator maps memory itself, and how it keeps the addresses
	 * is its own affair. */
	if (t->count <= 1 || process.foreign_malloc || p->stop.running ||
	    p->stop.unread)
		return;
	u = own_memory_map(sizeof(*u));
	if (!u || !list_all(u))
		return;
	p->judges_mappings = true;
	for (uint32_t i = 0; i < u->all_count; i++) {
		const struct store_mapped *m = record(u, i);
		struct unheld_mapping *to = &u->list[u->count];

		*to = (struct unheld_mapping){ .start = m->start,
					       .end = m->end,
					       .number = i };
		if (!is_single(u, i) || !add_unmapped(u, to) ||
		    !is_wanted(p, m))
			continue;
		u->bits[i / 8] |= (uint8_t)(1u << i % 8);
		u->count++;
	}
	u->left = u->count;
	narrow(p, u);
	if (u->count)
		p->unheld = u;
}

/* --- Words ------------------------------------------------------------------------ */

static bool is_without(const struct unheld *u, uint32_t number)
{
	return u->bits[number / 8] >> number % 8 & 1;
}

static void clear(struct unheld *u, uint32_t number)
{
	u->bits[number / 8] &= (uint8_t) ~(1u << number % 8);
}

/* Those without a word close up, so that the ranges become small. */
static void close_up(const struct picture *p, struct unheld *u)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->count; i++)
		if (is_without(u, u->list[i].number))
			u->list[n++] = u->list[i];
	u->count = n;
	narrow(p, u);
}

/* A word in the mapping itself does not keep it; nor does one that is its end and
 * lies behind that in the same piece of memory: it is the start of what is there. */
static bool is_own(const struct picture *p, const struct unheld_mapping *m,
		   uint64_t word, uint64_t where)
{
	const struct map *behind;

	if (where - m->start < m->end - m->start)
		return true;
	if (word != m->end || where < m->end)
		return false;
	behind = memory_map(p->maps, p->map_count, word);
	return behind && where < behind->end;
}

/* [from, to] is what the word may lead to. */
static void keep(const struct picture *p, struct unheld *u, uint32_t i,
		 uint64_t from, uint64_t to, uint64_t where)
{
	const struct unheld_mapping *m = &u->list[i];

	if (from > m->most || to < m->least || !is_without(u, m->number) ||
	    is_own(p, m, from, where))
		return;
	clear(u, m->number);
	u->left--;
}

/* Ends are a neighbour's start, and what was unmapped between two parts is of
 * both. */
static void keep_around(const struct picture *p, struct unheld *u,
			uint64_t from, uint64_t to, uint64_t where)
{
	uint32_t low = 0, high = u->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (u->list[middle].start <= from)
			low = middle + 1;
		else
			high = middle;
	}
	/* `low` is the first that starts behind it. */
	for (uint32_t i = low > 2 ? low - 2 : 0; i < u->count && i <= low; i++)
		keep(p, u, i, from, to, where);
}

void unheld_found(struct picture *p, uint64_t word, uint64_t where)
{
	struct unheld *u = p->unheld;

	if (!u)
		return;
	if (word - u->lowest <= u->addresses)
		keep_around(p, u, word, word, where);
	if (word - u->first_page <= u->pages)
		keep_around(p, u, word << PAGE_SHIFT,
			    (word << PAGE_SHIFT) + PAGE - 1, where);
	if (!u->left)
		p->unheld = NULL;
	else if (u->left < u->count / 2)
		close_up(p, u);
}

/* Where it was mapped: the innermost call. 0: it is not known. */
static uint64_t place_of(const struct store_mapped *m)
{
	const struct rkn_mapped_site *site = store_record(STORE_SITES, m->site);
	const struct store_stack *s =
	    site ? store_record(STORE_STACKS, site->stack) : NULL;
	const struct store_frame *f =
	    s ? store_record(STORE_FRAMES, s->frame) : NULL;

	return f ? f->address : 0;
}

/* Touches a mapping of the same call below that the program can find: the two may
 * be one for the program, as they are for the kernel. */
static bool goes_on(const struct unheld *u, uint32_t i)
{
	const struct store_mapped *m = record(u, i), *below;

	if (!i || is_without(u, i - 1))
		return false;
	below = record(u, i - 1);
	return below->end == m->start && place_of(below) == place_of(m);
}

/* Of what was one mapping each piece keeps the others, whatever lies between.
 * False: no memory. */
static bool keep_pieces(struct unheld *u)
{
	struct ordered *by_birth =
	    own_memory_map(u->all_count * sizeof(*by_birth));

	if (!by_birth)
		return false;
	for (uint32_t i = 0; i < u->all_count; i++) {
		const struct store_mapped_place *place =
		    store_record(STORE_MAPPED_PLACES, u->all[i].value);

		by_birth[i] = (struct ordered){ place ? place->born : 0, i };
	}
	ordered_sort(by_birth, u->all_count);
	for (uint32_t i = 0, next; i < u->all_count; i = next) {
		bool is_kept = false;

		for (next = i; next < u->all_count &&
			       by_birth[next].key == by_birth[i].key;
		     next++)
			is_kept |=
			    !is_without(u, (uint32_t)by_birth[next].value);
		for (uint32_t k = i; is_kept && k < next; k++)
			clear(u, (uint32_t)by_birth[k].value);
	}
	return true;
}

void unheld_end(struct picture *p)
{
	struct unheld *u = p->unheld;

	p->unheld = NULL;
	/* Blocks that the program keeps from the search may have pointers. */
	if (!p->judges_mappings || p->skipped || p->edges.cut || p->roots.cut ||
	    (u && !keep_pieces(u)))
		return;
	store_flag(RKN_META_MAPPINGS);
	for (uint32_t i = 0; u && i < u->all_count; i++) {
		if (!is_without(u, i))
			continue;
		if (goes_on(u, i)) {
			clear(u, i);
			record(u, i)->flags |= RKN_MAPPED_BESIDE;
		} else {
			record(u, i)->flags |= RKN_MAPPED_UNHELD;
		}
	}
}
