/* SPDX-License-Identifier: MIT */
#include "balance.h"

#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "die.h"

struct sum {
	uint32_t retains, releases;
};

/* A function where that parent called it; node 0 stands for the outermost. */
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

static void add(struct maker *k, uint32_t stack, bool release)
{
	uint32_t f = k->m->stacks[stack].frame;
	bool outermost = false;

	*(release ? &k->b->releases : &k->b->retains) += 1;
	*(release ? &k->stacks[stack].releases : &k->stacks[stack].retains) +=
	    1;
	while (!outermost) {
		*(release ? &k->sums[f].releases : &k->sums[f].retains) += 1;
		/* Frame 0 stands for stacks that are not known. */
		outermost = !f || !k->m->frames[f].parent;
		f = k->m->frames[f].parent;
	}
}

static void add_change(const struct change *c, void *data)
{
	add(data, c->stack, c->kind == CHANGE_GIVEN_BACK);
}

static void add_all(struct maker *k, uint32_t object)
{
	struct changes c;

	changes_visit(&c, k->m, object, add_change, k);
	k->b->lost = c.lost;
	k->b->outside = c.outside;
	k->b->lost_count = c.lost_count;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* One function, or where that is not known one piece of code. */
static bool same(const struct location *a, const struct location *b)
{
	return same_text(a->module, b->module) &&
	       same_text(a->function, b->function) &&
	       (a->function || a->offset == b->offset);
}

static size_t append(struct maker *k, size_t parent, const struct location *l)
{
	size_t n = k->count++;

	if (!(n & (n - 1)))
		k->nodes = xreallocarray(k->nodes, 2 * n, sizeof(*k->nodes));
	k->nodes[n] = (struct node){ .parent = parent, .shown.place = *l };
	k->nodes[n].shown.depth = parent ? k->nodes[parent].shown.depth + 1 : 0;
	if (k->nodes[parent].last)
		k->nodes[k->nodes[parent].last].next = n;
	else
		k->nodes[parent].child = n;
	k->nodes[parent].last = n;
	return n;
}

static void add_line(struct balance_node *n, unsigned line)
{
	size_t i = 0;

	while (i < n->line_count && i < BALANCE_LINES && n->lines[i] != line)
		i++;
	if (i < n->line_count && i < BALANCE_LINES)
		return;
	if (i < BALANCE_LINES)
		n->lines[i] = line;
	n->line_count = i + 1;
}

static size_t find(struct maker *k, size_t parent, const struct location *l)
{
	size_t n = k->nodes[parent].child;

	while (n && !same(&k->nodes[n].shown.place, l))
		n = k->nodes[n].next;
	if (!n)
		n = append(k, parent, l);
	k->nodes[n].shown.place.inlined &= l->inlined;
	k->nodes[n].shown.place.tail_call &= l->tail_call;
	if (l->line)
		add_line(&k->nodes[n].shown, l->line);
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
		n = find(k, n, &list[count]);
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

static bool is_pruned(const struct maker *k, size_t n)
{
	const struct balance_node *shown = &k->nodes[n].shown;

	return !k->all && shown->retains == shown->releases;
}

/* Stacks are as deep as a program likes: without recursion. */
static void walk(struct maker *k)
{
	size_t n = k->nodes[0].child;

	k->b->nodes = xcalloc(k->count, sizeof(*k->b->nodes));
	while (n) {
		const struct balance_node *shown = &k->nodes[n].shown;

		if (is_pruned(k, n)) {
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

void balance_make(struct balance *b, const struct model *m, struct symbols *s,
		  uint32_t object, bool all)
{
	struct maker k = { m, b, NULL, NULL, NULL, 1, all };

	*b = (struct balance){ 0 };
	k.sums = xcalloc(m->frame_count + 1, sizeof(*k.sums));
	k.stacks = xcalloc(m->stack_count + 1, sizeof(*k.stacks));
	k.nodes = xcalloc(1, sizeof(*k.nodes));
	add_all(&k, object);
	make_nodes(&k, s);
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
