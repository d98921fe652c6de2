/* SPDX-License-Identifier: MIT */
/*
 * The header idiom: some allocators put a header in front of what they hand out
 * (Python's GC header, redis' sds, g_rc_box), and list links lead to the middle
 * of what they link, so that no pointer to a block's start exists while it is
 * well in use. Which offsets are meant so is learnt from the blocks that are
 * held, place by place:
 *
 * - Three blocks from one place, callers included, that are held at one offset
 *   are not there by chance.
 * - A function with several callers either adds the offset itself, for all of
 *   them: then no caller's blocks are held otherwise, and callers and sizes are
 *   many. Or it makes blocks of one type: then that is so for those of one size.
 *   An xmalloc() is neither, and what one of its callers does with blocks says
 *   nothing about another's.
 *
 * Pointers that the allocator left behind count for nothing here: see
 * is_link().
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "habits.h"
#include "hash.h"
#include "list.h"

#define OFFSETS 16 /* of one innermost caller that are tried */

/* An offset at which blocks are held whose stacks begin with `site`. */
struct header {
	struct header_key {
		uint64_t site;
		uint64_t offset;
	} key;
	uint32_t number;
	uint32_t blocks; /* leads, each block once, without links */
	UT_hash_handle hh;
};

/* A pointer from memory in use to such an offset. */
struct lead {
	uint32_t header; /* its number */
	uint32_t block;
	bool link; /* every such pointer may be the allocator's own */
};

struct accepted {
	uint32_t block, offset;
};

struct headers {
	struct accepted *list; /* ascending */
	size_t count;
	uint8_t *any; /* a bit a block: it is in the list */
};

/* What is only needed to learn. */
struct school {
	const struct analysis *a;
	struct headers *into;
	struct seats seats;
	uint32_t *least; /* per block: the smallest offset at which it is held,
			    so that a big one held at many brings in one; 0 */
	struct header *table;
	struct header **headers; /* by number, then by site and blocks */
	uint32_t header_count;
	struct lead *leads;
	size_t lead_count;
	uint8_t *held;   /* per block, for the header at work: enum
			  habits_held */
	uint32_t offset; /* of that */
};

/* --- Pointers ----------------------------------------------------------------- */

/*
 * May the pointer be glibc's own link to the chunk behind the block, left over
 * from when that was free? It leads to the chunk's header, which begins in the
 * last bytes of a block whose size is not a multiple of 16.
 */
static bool is_link(const struct model *m, uint32_t block, uint32_t offset)
{
	uint64_t chunk = (m->blocks[block].size + 8 + 15) & ~15ull;

	return !(m->meta.flags & RKN_META_FOREIGN_MALLOC) &&
	       offset == (chunk < 32 ? 32 : chunk) - 16;
}

/* No allocator puts 4 GiB in front of what it returns. */
static bool is_narrow(uint32_t offset)
{
	return offset && offset != RKN_SEE_WIDE;
}

typedef void visit_pointer(struct school *s, uint32_t block, uint32_t offset,
			   bool link);

/* All pointers into the middle from what is in use. */
static void visit(struct school *s, visit_pointer *to)
{
	const struct analysis *a = s->a;
	const struct model *m = a->m;

	for (size_t i = 0; i < m->root_count; i++)
		if (is_narrow(m->roots[i].to_offset))
			to(s, m->roots[i].block, m->roots[i].to_offset, false);
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		if (a->mark[b] == LOST)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++) {
			const struct rkn_edge *edge = &a->g.edges[e];

			if (is_narrow(edge->to_offset) && edge->to != b)
				to(s, edge->to, edge->to_offset,
				   is_link(m, edge->to, edge->to_offset));
		}
	}
}

/* --- Offsets that come into question ------------------------------------------------ */

static void note_least(struct school *s, uint32_t block, uint32_t offset,
		       bool link)
{
	if (!link && s->a->mark[block] == DOUBTFUL &&
	    (!s->least[block] || offset < s->least[block]))
		s->least[block] = offset;
}

static struct header *find_header(struct school *s, uint32_t block,
				  uint32_t offset)
{
	struct header_key key = { seats_site(&s->seats, block), offset };
	struct header *found;

	HASH_FIND(hh, s->table, &key, sizeof(key), found);
	return found;
}

static void find_headers(struct school *s)
{
	s->least = xcalloc((size_t)s->a->g.nodes + 1, sizeof(*s->least));
	visit(s, note_least);
	for (uint32_t b = 0; b < s->a->g.nodes; b++) {
		struct header *h;

		if (!s->least[b] || !seats_site(&s->seats, b) ||
		    find_header(s, b, s->least[b]))
			continue;
		h = xcalloc(1, sizeof(*h));
		h->key = (struct header_key){ seats_site(&s->seats, b),
					      s->least[b] };
		h->number = s->header_count++;
		HASH_ADD(hh, s->table, key, sizeof(h->key), h);
	}
	free(s->least);
	s->least = NULL;
}

static void note_lead(struct school *s, uint32_t block, uint32_t offset,
		      bool link)
{
	struct header *h = find_header(s, block, offset);

	if (!h)
		return;
	*LIST_ADD(s->leads, s->lead_count) =
	    (struct lead){ h->number, block, link };
}

static int by_header(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;

	return ORDER(x->header, y->header) ?:
	       ORDER(x->block, y->block) ?:
	       x->link - y->link;
}

/* Each block once a header; what counts comes before links. */
static void find_leads(struct school *s)
{
	struct header *h, *next;
	size_t n = 0;

	s->headers = xcalloc(s->header_count + 1u, sizeof(*s->headers));
	HASH_ITER (hh, s->table, h, next)
		s->headers[h->number] = h;
	visit(s, note_lead);
	if (s->lead_count)
		qsort(s->leads, s->lead_count, sizeof(*s->leads), by_header);
	for (size_t i = 0; i < s->lead_count; i++) {
		const struct lead *l = &s->leads[i];

		if (n && s->leads[n - 1].header == l->header &&
		    s->leads[n - 1].block == l->block)
			continue;
		s->headers[l->header]->blocks += !l->link;
		s->leads[n++] = *l;
	}
	s->lead_count = n;
}

/* --- Judging offsets ----------------------------------------------------------------- */

static void accept(void *data, uint32_t block)
{
	struct school *s = data;
	struct headers *h = s->into;

	*LIST_ADD(h->list, h->count) = (struct accepted){ block, s->offset };
	h->any[block / 8] |= (uint8_t)(1u << block % 8);
}

static int by_site(const void *a, const void *b)
{
	const struct header *x = *(struct header *const *)a;
	const struct header *y = *(struct header *const *)b;

	return ORDER(x->key.site, y->key.site) ?:
	       ORDER(y->blocks, x->blocks) ?:
	       ORDER(x->number, y->number);
}

/* Of each site the offsets at which most is held. */
static void judge_all(struct school *s)
{
	struct habits habits = { &s->seats, s->held, accept, s };
	uint32_t tried = 0;

	qsort(s->headers, s->header_count, sizeof(*s->headers), by_site);
	for (uint32_t i = 0; i < s->header_count; i++) {
		const struct header *h = s->headers[i];
		size_t from, to;

		if (i && s->headers[i - 1]->key.site != h->key.site)
			tried = 0;
		if (h->blocks < HABITS_LEAST || tried++ >= OFFSETS)
			continue;
		from = to = LOWER_BOUND(s->lead_count, k,
					s->leads[k].header < h->number);
		for (; to < s->lead_count && s->leads[to].header == h->number;
		     to++)
			s->held[s->leads[to].block] =
			    s->leads[to].link ? HABITS_BY_LINK : HABITS_THERE;
		s->offset = (uint32_t)h->key.offset;
		habits_judge(&habits, seats_from(&s->seats, h->key.site),
			     seats_from(&s->seats, h->key.site + 1));
		while (to-- > from)
			s->held[s->leads[to].block] = HABITS_NOT_THERE;
	}
}

/* --- The whole ---------------------------------------------------------------------- */

static int by_block(const void *a, const void *b)
{
	const struct accepted *x = a, *y = b;

	return ORDER(x->block, y->block) ?: ORDER(x->offset, y->offset);
}

struct headers *analysis_learn_headers(const struct analysis *a)
{
	struct school s = { .a = a };
	bool worth = false;

	s.into = xcalloc(1, sizeof(*s.into));
	s.into->any = xcalloc((size_t)a->g.nodes / 8 + 1, 1);
	seats_open(&s.seats, a->m);
	find_headers(&s);
	if (s.header_count)
		find_leads(&s);
	for (uint32_t i = 0; i < s.header_count; i++)
		worth |= s.headers[i]->blocks >= HABITS_LEAST;
	if (worth) {
		seats_fill(&s.seats, a->mark);
		s.held = xcalloc((size_t)a->g.nodes + 1, 1);
		judge_all(&s);
	}
	if (s.into->count)
		qsort(s.into->list, s.into->count, sizeof(*s.into->list),
		      by_block);
	HASH_FREE(s.table);
	free(s.headers);
	free(s.leads);
	free(s.held);
	seats_close(&s.seats);
	return s.into;
}

bool analysis_is_behind_header(const struct headers *h, uint32_t block,
			       uint32_t offset)
{
	const struct accepted key = { block, offset };

	return h && h->any[block / 8] >> block % 8 & 1 &&
	       bsearch(&key, h->list, h->count, sizeof(key), by_block);
}

bool analysis_has_headers(const struct headers *h)
{
	return h->count > 0;
}

void analysis_release_headers(struct headers *h)
{
	if (!h)
		return;
	free(h->list);
	free(h->any);
	free(h);
}
