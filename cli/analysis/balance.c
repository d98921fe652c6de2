/* SPDX-License-Identifier: MIT */
#include "balance.h"

#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "die.h"
#include "list.h"

struct sum {
	uint32_t retains, releases;
};

/* A function where that parent called it; node 0 is above the outermost. */
struct node {
	struct balance_node shown;
	size_t parent, child, last, next; /* 0: none */
};

struct maker {
	const struct model *m;
	struct balance *b;
	struct sum *sums;   /* by frame, its callees' included */
	struct sum *stacks; /* by stack */
	struct node *nodes;
	size_t count;
	bool all;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void add_change(const struct change *c, void *data)
{
	struct maker *k = data;
	bool release = c->kind == CHANGE_GIVEN_BACK, outermost = false;
	struct sum *sum = &k->stacks[c->stack];
	uint32_t f = k->m->stacks[c->stack].frame;

	*(release ? &k->b->releases : &k->b->retains) += 1;
	*(release ? &sum->releases : &sum->retains) += 1;
	while (!outermost) {
		*(release ? &k->sums[f].releases : &k->sums[f].retains) += 1;
		/* Frame 0 is that of stacks that are not known. */
		outermost = !f || !k->m->frames[f].parent;
		f = k->m->frames[f].parent;
	}
}

static size_t append(struct maker *k, size_t parent, const struct location *l)
{
	size_t depth = parent ? k->nodes[parent].shown.depth + 1 : 0;
	size_t n = k->count;

	*LIST_ADD(k->nodes, k->count) =
	    (struct node){ .parent = parent,
			   .shown = { .place = *l, .depth = depth } };
	if (k->nodes[parent].last)
		k->nodes[k->nodes[parent].last].next = n;
	else
		k->nodes[parent].child = n;
	k->nodes[parent].last = n;
	return n;
}

/* The node below `parent` of that function, or where that is not known of that
 * piece of code. */
static size_t node_of(struct maker *k, size_t parent, const struct location *l)
{
	size_t n = k->nodes[parent].child, i = 0;
	struct balance_node *shown;

	while (n &&
	       (!same_text(k->nodes[n].shown.place.module, l->module) ||
		!same_text(k->nodes[n].shown.place.function, l->function) ||
		(!l->function && k->nodes[n].shown.place.offset != l->offset)))
		n = k->nodes[n].next;
	if (!n)
		n = append(k, parent, l);
	shown = &k->nodes[n].shown;
	shown->place.inlined &= l->inlined;
	shown->place.tail_call &= l->tail_call;
	while (i < shown->line_count && i < BALANCE_LINES &&
	       shown->lines[i] != l->line)
		i++;
	if (l->line && (i == shown->line_count || i == BALANCE_LINES)) {
		if (i < BALANCE_LINES)
			shown->lines[i] = l->line;
		shown->line_count = i + 1;
	}
	return n;
}

static void add_sum(struct maker *k, size_t n, const struct sum *sum)
{
	k->nodes[n].shown.retains += sum->retains;
	k->nodes[n].shown.releases += sum->releases;
}

/* The nodes of list[0 .. count) below `n`; the innermost. */
static size_t add_all_sums(struct maker *k, size_t n,
			   const struct location *list, size_t count,
			   const struct sum *sum)
{
	while (count-- > 0) {
		n = node_of(k, n, &list[count]);
		add_sum(k, n, sum);
	}
	return n;
}

/* Of each frame with sums the functions, the outermost first: what was inlined
 * is called by what it was inlined into. Parents come before their frames. */
static void make_nodes(struct maker *k, struct symbols *s)
{
	size_t *of = xcalloc(k->m->frame_count + 1, sizeof(*of));
	const struct location none = { 0 };

	for (uint32_t f = 1; f < k->m->frame_count; f++) {
		const struct location *l;
		size_t n;

		if (!k->sums[f].retains && !k->sums[f].releases)
			continue;
		n = symbols_frame(s, f, &l);
		of[f] = add_all_sums(k, of[k->m->frames[f].parent], l, n,
				     &k->sums[f]);
	}
	/* Below the frames, whose nodes are `of`, the functions that have
	 * none. */
	for (uint32_t i = 1; i < k->m->stack_count; i++) {
		const struct location *l;
		size_t n;

		if (!k->stacks[i].retains && !k->stacks[i].releases)
			continue;
		n = symbols_innermost(s, i, &l);
		add_all_sums(k, of[k->m->stacks[i].frame], l, n, &k->stacks[i]);
	}
	if (k->sums[0].retains || k->sums[0].releases)
		add_sum(k, append(k, 0, &none), &k->sums[0]);
	free(of);
}

/* Stacks are as deep as a program likes: without recursion. */
static void walk(struct maker *k)
{
	size_t n = k->nodes[0].child;

	k->b->nodes = xcalloc(k->count, sizeof(*k->b->nodes));
	while (n) {
		const struct balance_node *shown = &k->nodes[n].shown;

		if (!k->all && shown->retains == shown->releases) {
			k->b->pruned += shown->retains + shown->releases;
		} else {
			k->b->nodes[k->b->count++] = *shown;
			if (k->nodes[n].child) {
				n = k->nodes[n].child;
				continue;
			}
		}
		while (n && !k->nodes[n].next)
			n = k->nodes[n].parent;
		n = k->nodes[n].next;
	}
}

void balance_make(struct balance *b, const struct reading *in, uint32_t object,
		  bool all)
{
	const struct model *m = in->m;
	struct maker k = { .m = m, .b = b, .count = 1, .all = all };
	struct changes c;

	*b = (struct balance){ 0 };
	k.sums = xcalloc(m->frame_count + 1, sizeof(*k.sums));
	k.stacks = xcalloc(m->stack_count + 1, sizeof(*k.stacks));
	k.nodes = xcalloc(1, sizeof(*k.nodes));
	changes_visit(&c, m, object, add_change, &k);
	b->lost = c.lost;
	b->outside = c.outside;
	b->lost_count = c.lost_count;
	make_nodes(&k, in->symbols);
	walk(&k);
	free(k.sums);
	free(k.stacks);
	free(k.nodes);
}

void balance_release(struct balance *b)
{
	free(b->nodes);
	*b = (struct balance){ 0 };
}
