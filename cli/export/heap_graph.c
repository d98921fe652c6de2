/* SPDX-License-Identifier: MIT */
#include "heap_graph.h"

#include <stdlib.h>

#include "list.h"
#include "root_names.h"

/* --- Where ways begin --------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct root_word *x = a, *y = b;

	return ORDER(x->name, y->name)	 ?:
	       ORDER(x->weak, y->weak) ?:
	       ORDER(x->block, y->block);
}

static void add_word(struct heap_graph *g, struct texts *names,
		     const char *name, uint32_t block, bool weak)
{
	*LIST_ADD(g->words, g->word_count) = (struct root_word){
		.name = texts_number(names, name),
		.block = block,
		.weak = weak,
	};
}

static void add_root(struct heap_graph *g, const struct reading *in,
		     struct texts *names, const struct rkn_root *root,
		     bool weak)
{
	char *name = root_name(in, root);

	add_word(g, names, name, root->block, weak);
	free(name);
}

static void find_roots(struct heap_graph *g, const struct reading *in,
		       struct texts *names)
{
	const struct model *m = g->m;

	for (size_t i = 0; i < m->root_count; i++)
		add_root(g, in, names, &m->roots[i],
			 holding_is_weak(&g->holding, i));
	for (size_t i = 0; i < m->gone_count; i++)
		add_root(g, in, names, &m->gone[i], false);
	for (uint32_t i = 0; i < g->holding.said_count; i++)
		add_word(g, names, "what the program declared",
			 g->holding.said[i], false);
	if (g->word_count)
		qsort(g->words, g->word_count, sizeof(*g->words), by_name);
	for (size_t i = 0; i < g->word_count; i = heap_graph_words_end(g, i))
		g->root_count++;
}

static void add_lost(struct heap_graph *g, uint8_t *seen, uint32_t block)
{
	uint32_t c = holding_source(&g->holding, block);

	if (c == UINT32_MAX || seen[c])
		return;
	seen[c] = 1;
	*LIST_ADD(g->lost, g->lost_count) = block;
}

/* First those that findings show, the worst first. */
static void find_lost(struct heap_graph *g, const struct findings *f)
{
	uint8_t *seen = xcalloc(g->holding.components, 1);

	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].member_count)
			add_lost(g, seen, f->list[i].members[0]);
	for (uint32_t b = 0; b < g->m->block_count; b++)
		add_lost(g, seen, b);
	free(seen);
}

void heap_graph_open(struct heap_graph *g, const struct reading *in,
		     const struct findings *f, struct texts *names)
{
	*g = (struct heap_graph){ .m = in->m };
	holding_open(&g->holding, in->m, in->counts);
	find_roots(g, in, names);
	find_lost(g, f);
}

void heap_graph_close(struct heap_graph *g)
{
	free(g->words);
	free(g->lost);
	holding_close(&g->holding);
}

size_t heap_graph_words_end(const struct heap_graph *g, size_t from)
{
	size_t end = from;

	while (end < g->word_count && g->words[end].name == g->words[from].name)
		end++;
	return end;
}

/* --- What a block points at -------------------------------------------------- */

struct heap_pointers heap_pointers_of(const struct heap_graph *g,
				      uint32_t block,
				      const struct rkn_edge *next)
{
	const struct graph *kept = &g->holding.g;
	const struct rkn_edge *last = g->m->edges + g->m->edge_count;
	struct heap_pointers p = {
		.next = next,
		.end = next,
		.kept = kept->edges + kept->first[block],
		.kept_end = kept->edges + kept->first[block + 1],
	};

	while (p.end < last && p.end->from == block)
		p.end++;
	return p;
}

static bool is_same(const struct rkn_edge *a, const struct rkn_edge *b)
{
	return a->to == b->to && a->from_word == b->from_word &&
	       a->to_offset == b->to_offset;
}

/* Those that keep are in the same order in the graph of holding.h, which lacks the
 * others and has what was declared behind them. */
const struct rkn_edge *heap_pointers_next(const struct heap_graph *g,
					  struct heap_pointers *p)
{
	const uint8_t *mark = g->holding.mark;
	const struct rkn_edge *e = p->next;

	p->declared = e == p->end;
	if (p->declared && p->kept == p->kept_end)
		return NULL;
	p->keeps =
	    p->kept < p->kept_end && (p->declared || is_same(e, p->kept));
	if (p->declared)
		e = p->kept;
	else
		p->next++;
	if (p->keeps)
		p->kept++;
	/* What is lost does not keep what a root leads to. */
	if (mark[e->to] != HOLDING_LOST && mark[e->from] == HOLDING_LOST)
		p->keeps = false;
	return e;
}

uint64_t heap_pointers_count(const struct heap_graph *g, struct heap_pointers p)
{
	uint64_t count = 0;

	while (heap_pointers_next(g, &p))
		count++;
	return count;
}

uint64_t heap_graph_pointers(const struct heap_graph *g)
{
	struct heap_pointers p = { .end = g->m->edges };
	uint64_t count = 0;

	for (uint32_t b = 0; b < g->m->block_count; b++) {
		p = heap_pointers_of(g, b, p.end);
		count += heap_pointers_count(g, p);
	}
	return count;
}
