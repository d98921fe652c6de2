/* SPDX-License-Identifier: MIT */
/*
 * A single pointer into the middle of a block that is meant to keep it, by what
 * is known of such pointers. Each rule asks for something that chance does not
 * make; what the blocks of a place have in common is findings_headers.c's.
 */
#include <string.h>

#include "analysis.h"
#include "die.h"
#include "list.h"
#include "place.h"
#include "walk.h"

#define EMPTY_MOST   8     /* bytes of the count before an array */
#define LINE         64    /* least alignment that is made by hand, */
#define PAGE         4096  /* and largest */
#define LARGE_ALIGN  1024  /* from here on chance hardly meets it */
#define PRIVATE_MOST 65535 /* bytes of GObject's private parts */
#define MAKERS_DEPTH 16    /* functions of wrappers that there may be */

/* The pointer that the word at `offset` is; NULL: it is none. */
static const struct rkn_edge *edge_at(const struct analysis *a, uint32_t block,
				      uint32_t offset)
{
	const struct rkn_edge *edges = &a->g.edges[a->first[block]];
	uint32_t n = a->first[block + 1] - a->first[block];
	size_t at = LOWER_BOUND(n, i, edges[i].from_word < offset / 8);

	return offset % 8 == 0 && at < n && edges[at].from_word == offset / 8
		   ? &edges[at]
		   : NULL;
}

/*
 * Is the pointer the start, rounded up? Then nothing is before it, and room
 * for the rounding was asked for: the alignment more than a multiple of it, or
 * a byte less, as nginx and others do. A cursor meets that by chance, but for
 * large alignments.
 */
static bool is_rounded_up(const struct analysis *a, uint32_t block,
			  uint32_t offset)
{
	const struct rkn_block *b = &a->m->blocks[block];
	const struct rkn_edge *e = &a->g.edges[a->first[block]];
	uint64_t address = b->address + offset;
	uint64_t align = address & -address;

	if (align > PAGE)
		align = PAGE;
	while (align / 2 > offset && align > LINE)
		align /= 2;
	if (align < LINE || offset >= align || b->size < align)
		return false;
	if (a->first[block] < a->first[block + 1] && e->from_word < offset / 8)
		return false;
	if (align >= LARGE_ALIGN)
		return true;
	return b->size % align == 0 ? b->size > align
				    : b->size % align == align - 1;
}

/* Who made a block, as far as it matters here. */
enum maker { MAKER_UNKNOWN, MAKER_OTHER, MAKER_NEW, MAKER_GOBJECT };

/* Which function the block's allocator was called for, past wrappers; each stack
 * is asked once. */
static bool is_made_by(struct analysis *a, uint32_t block, enum maker maker)
{
	uint32_t stack = a->m->blocks[block].stack;
	const struct location *l;
	struct walk w;
	int n = 0;

	if (!a->symbols)
		return false;
	if (!a->makers)
		a->makers = xcalloc(a->m->stack_count + 1, 1);
	if (a->makers[stack] != MAKER_UNKNOWN)
		return a->makers[stack] == maker;
	a->makers[stack] = MAKER_OTHER;
	walk_begin(&w, a->m, a->symbols, stack);
	while (n++ < MAKERS_DEPTH && (l = walk_next(&w)) && l->function) {
		if (!strncmp(l->function, "_Znw", 4) ||
		    !strncmp(l->function, "_Zna", 4) ||
		    !strncmp(l->function, "operator new",
			     strlen("operator new")))
			a->makers[stack] = MAKER_NEW;
		else if (!strcmp(l->function, "g_type_create_instance"))
			a->makers[stack] = MAKER_GOBJECT;
		if (a->makers[stack] != MAKER_OTHER ||
		    !place_is_wrapper(l->function))
			break;
	}
	return a->makers[stack] == maker;
}

bool analysis_is_meant(struct analysis *a, uint32_t block, uint32_t offset)
{
	const struct model *m = a->m;
	const struct rkn_edge *before = offset < 8 || offset > PAGE + 8
					    ? NULL
					    : edge_at(a, block, offset - 8);
	const struct rkn_edge *class;

	/* What aligns by hand keeps the block's start before what it returns. */
	if (before && before->to == block && !before->to_offset)
		return true;
	/* An array without elements ends where it begins, behind its count, as
	 * of `new T[0]`. In a C program a word that divides the rest does so by
	 * chance. */
	if ((offset == m->blocks[block].size && offset == EMPTY_MOST &&
	     !(m->meta.flags & RKN_META_FOREIGN_MALLOC)) ||
	    (model_knows_place(m, RKN_WIDE_ARRAY, block, offset) &&
	     is_made_by(a, block, MAKER_NEW)) ||
	    model_knows_place(m, RKN_WIDE_BASE, block, offset) ||
	    is_rounded_up(a, block, offset))
		return true;
	/* GObject puts private parts before the object, as large as its type
	 * wants; the object begins with a pointer to its class. Last: who made
	 * it costs symbols. */
	if (offset > PRIVATE_MOST || !is_made_by(a, block, MAKER_GOBJECT))
		return false;
	class = edge_at(a, block, offset);
	return class && class->to != block && !class->to_offset;
}
