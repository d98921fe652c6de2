/* SPDX-License-Identifier: MIT */
#include "contents.h"

#include <stdlib.h>

#include "list.h"
#include "residency.h"

/* Equal texts side by side, and of these the first block first. */
static int by_text(const void *a, const void *b)
{
	const struct rkn_content *x = *(const struct rkn_content *const *)a;
	const struct rkn_content *y = *(const struct rkn_content *const *)b;

	return ORDER(x->hash, y->hash)
		   ?: ORDER(x->used, y->used) ?: ORDER(x->block, y->block);
}

/* Half of it or more is not used, if the block is large enough to count. */
static bool is_half(const struct rkn_block *b, const struct rkn_content *c)
{
	return b->size >= CONTENTS_HALF_LEAST && c->used <= b->size / 2;
}

static void add_duplicate(struct contents_sum *s, uint64_t size)
{
	s->duplicates++;
	s->duplicate_bytes += size;
}

static void add_half(struct contents_sum *s, uint64_t bytes)
{
	s->halves++;
	s->empty_bytes += bytes;
}

static void find_duplicates(struct contents *c, const struct model *m,
			    const uint32_t *labels)
{
	const struct rkn_content **texts =
	    xcalloc(m->content_count + 1, sizeof(*texts));
	size_t n = 0;

	for (size_t i = 0; i < m->content_count; i++)
		if (m->contents[i].flags & RKN_CONTENT_TEXT)
			texts[n++] = &m->contents[i];
	if (n)
		qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 1; i < n; i++) {
		const uint32_t block = texts[i]->block;
		const struct rkn_block *b = &m->blocks[block];
		uint64_t bytes;

		if (texts[i]->hash != texts[i - 1]->hash ||
		    texts[i]->used != texts[i - 1]->used)
			continue;
		/* Its empty end is counted as that. */
		bytes = is_half(b, texts[i]) ? texts[i]->used : b->size;
		add_duplicate(&c->all, bytes);
		add_duplicate(&c->rows[labels[block]], bytes);
	}
	free(texts);
}

static void find_halves(struct contents *c, const struct model *m,
			const uint32_t *labels)
{
	struct residency pages = { .m = m };

	for (size_t i = 0; i < m->content_count; i++) {
		const struct rkn_content *r = &m->contents[i];
		const struct rkn_block *b = &m->blocks[r->block];
		uint64_t bytes = b->size - r->used;

		if (!is_half(b, r))
			continue;
		if (m->page_count)
			bytes = residency_of(&pages, b->address + r->used,
					     b->address + b->size);
		if (!bytes)
			continue;
		add_half(&c->all, bytes);
		add_half(&c->rows[labels[r->block]], bytes);
	}
}

void contents_make(struct contents *c, const struct model *m,
		   const uint32_t *labels, size_t count)
{
	*c = (struct contents){ .known = m->content_count,
				.rows = xcalloc(count + 1, sizeof(*c->rows)) };
	find_duplicates(c, m, labels);
	find_halves(c, m, labels);
}

void contents_release(struct contents *c)
{
	free(c->rows);
	*c = (struct contents){ 0 };
}
