/* SPDX-License-Identifier: MIT */
/* Blocks in structures, kept whole, in part, or not at all. */
#include "blocks.h"
#include "jobs.h"

#define NODES 300

/* Their nodes are of one size and from one site. */
struct shape {
	unsigned site;
	enum how how;
	size_t size;
	size_t link; /* bytes from a node's start */
	enum fill fill;
};

static struct shape some_shape(struct world *w, size_t least)
{
	struct shape s = { .site = roll(w, SITES) };

	s.how = chance(w, 70) ? HOW_MALLOC : HOW_CALLOC;
	s.size = blocks_some_size(w, least);
	if (s.size > 20000)
		s.size = least;
	s.link = roll(w, (uint32_t)((s.size - least) / 8 + 1)) * 8ul;
	if (s.link > 64 || chance(w, 40))
		s.link = 0;
	s.fill = (enum fill)roll(w, 3);
	return s;
}

static uint32_t some_count(struct world *w)
{
	return chance(w, 10) ? between(w, 1, NODES) : between(w, 1, 30);
}

static uint32_t node(struct world *w, const struct shape *s)
{
	return blocks_make(w, s->site, s->how, s->size, s->fill);
}

/* What only `ref` holds is lost; or it goes to where others are. */
static void keep_or_lose(struct world *w, uint32_t head, uint32_t percent)
{
	if (chance(w, percent))
		blocks_place(w, head);
}

void job_list(struct world *w)
{
	struct shape s = some_shape(w, 8);
	uint32_t count = some_count(w), nodes[NODES] = { 0 };
	bool grows_at_head = chance(w, 50);

	for (uint32_t i = 0; i < count; i++) {
		nodes[i] = node(w, &s);
		if (i && grows_at_head)
			blocks_point(nodes[i], s.link, nodes[i - 1], 0);
		else if (i)
			blocks_point(nodes[i - 1], s.link, nodes[i], 0);
	}
	keep_or_lose(w, nodes[grows_at_head ? count - 1 : 0], 60);
	if (count > 1 && chance(w, 40)) { /* the rest is lost */
		uint32_t ref = blocks_ref_at(nodes[count / 2], s.link);

		if (ref != BOOK_NONE)
			blocks_cut(w, ref);
	} else if (chance(w, 30)) { /* so it is when some are freed */
		for (uint32_t i = 0; i < count / 2; i++)
			if (blocks_may_free(nodes[i]))
				blocks_free(w, nodes[i]);
	}
}

void job_ring(struct world *w)
{
	struct shape s = some_shape(w, 16);
	uint32_t count = some_count(w), nodes[NODES] = { 0 };
	size_t to = chance(w, 60) ? s.link : 0; /* as list_head does it */
	bool back = chance(w, 70);

	for (uint32_t i = 0; i < count; i++)
		nodes[i] = node(w, &s);
	for (uint32_t i = 0; i < count; i++) {
		blocks_point(nodes[i], s.link, nodes[(i + 1) % count], to);
		if (back)
			blocks_point(nodes[i], s.link + 8,
				     nodes[(i + count - 1) % count], to);
	}
	if (chance(w, 20) && s.size >= s.link + 24) /* it holds something */
		blocks_point(nodes[0], s.link + 16,
			     blocks_make_some(w, blocks_some_size(w, 1)), 0);
	if (chance(w, 15) && s.size >= 24) { /* something lost holds it */
		uint32_t owner = blocks_make_some(w, 64);

		blocks_point(owner, 16, nodes[0], to);
	}
	keep_or_lose(w, nodes[roll(w, count)], 40);
}

void job_tree(struct world *w)
{
	struct shape s = some_shape(w, 24);
	uint32_t count = some_count(w), nodes[NODES] = { 0 };
	bool parents = chance(w, 50);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t parent = i ? (i - 1) / 2 : 0;

		nodes[i] = node(w, &s);
		if (!i)
			continue;
		blocks_point(nodes[parent], s.link + (i & 1 ? 0 : 8), nodes[i],
			     0);
		if (parents)
			blocks_point(nodes[i], s.link + 16, nodes[parent], 0);
	}
	keep_or_lose(w, nodes[0], 50);
	if (count > 4 && chance(w, 40)) { /* a branch is cut off */
		uint32_t ref = blocks_ref_at(nodes[roll(w, count / 2)], s.link);

		if (ref != BOOK_NONE)
			blocks_cut(w, ref);
	}
}

void job_table(struct world *w)
{
	struct shape s = some_shape(w, 1);
	uint32_t count = some_count(w), table, nodes[NODES];

	table = blocks_make(w, roll(w, SITES), HOW_CALLOC, count * 8ul,
			    FILL_NOTHING);
	for (uint32_t i = 0; i < count; i++) {
		nodes[i] = node(w, &s);
		blocks_point(table, i * 8ul, nodes[i], 0);
	}
	keep_or_lose(w, table, 70);
	if (chance(w, 20)) { /* grown, as vectors are */
		blocks_resize(w, table, count * 16ul);
	} else if (chance(w, 20)) { /* all but what it holds is freed */
		blocks_free(w, table);
	} else if (chance(w, 50)) {
		for (uint32_t i = 0; i < count; i++)
			if (chance(w, 30))
				blocks_cut(w, blocks_ref_at(table, i * 8ul));
			else if (chance(w, 10) && blocks_may_free(nodes[i]))
				blocks_free(w, nodes[i]);
	}
}

/* A cell of the table: a buffer of which little is written. */
static void refill(struct world *w, uint32_t table, uint32_t cell, size_t size)
{
	blocks_point(table, cell * 8ul,
		     blocks_make(w, roll(w, SITES), HOW_MALLOC, size,
				 chance(w, 80) ? FILL_TEXT : FILL_NOTHING),
		     0);
}

void job_churn(struct world *w)
{
	uint32_t cells = between(w, 10, 150), rounds = between(w, 1, 8);
	uint32_t kinds = between(w, 1, 3), lost = between(w, 2, 8), table;
	size_t sizes[3];

	for (uint32_t i = 0; i < kinds; i++)
		do
			sizes[i] = blocks_some_size(w, 1);
		while (sizes[i] > 6000);
	table = blocks_make(w, roll(w, SITES), HOW_CALLOC, cells * 8ul,
			    FILL_NOTHING);
	blocks_place(w, table);
	for (uint32_t i = 0; i < cells; i++)
		refill(w, table, i, sizes[roll(w, kinds)]);
	for (uint32_t r = 0; r < rounds; r++) {
		for (uint32_t i = 0; i < cells; i++) {
			uint32_t ref = blocks_ref_at(table, i * 8ul);

			if (ref != BOOK_NONE && chance(w, 50) &&
			    blocks_may_free(book->refs[ref].to))
				blocks_free(w, book->refs[ref].to);
		}
		for (uint32_t i = 0; i < cells; i++) {
			if (r + 1 == rounds && i % lost == 0)
				blocks_make(w, roll(w, SITES), HOW_MALLOC,
					    sizes[roll(w, kinds)],
					    (enum fill)roll(w, 3));
			if (chance(w, 90) &&
			    blocks_ref_at(table, i * 8ul) == BOOK_NONE)
				refill(w, table, i, sizes[roll(w, kinds)]);
		}
	}
}
