/* SPDX-License-Identifier: MIT */
#include "balance.h"

#include <stdlib.h>

#include "die.h"
#include "ledger.h"

struct sum {
	uint32_t retains, releases;
};

struct maker {
	const struct model *m;
	struct balance *b;
	struct sum *sums; /* by frame, its callees' included */
	bool all;
	/* Frames with sums, by parent: children[first[f] .. first[f + 1]). */
	uint32_t *children, *first;
};

static void add(struct maker *k, uint32_t stack, bool release)
{
	uint32_t f = k->m->stacks[stack].frame;
	bool outermost = false;

	*(release ? &k->b->releases : &k->b->retains) += 1;
	while (!outermost) {
		*(release ? &k->sums[f].releases : &k->sums[f].retains) += 1;
		/* Frame 0 stands for stacks that are not known. */
		outermost = !f || !k->m->frames[f].parent;
		f = k->m->frames[f].parent;
	}
}

static int64_t change_of(const struct rkn_event *e)
{
	return e->kind == RKN_EVENT_RETAIN    ? 1
	       : e->kind == RKN_EVENT_RELEASE ? -1
					      : 0;
}

/* References from before the first event that was kept. */
static uint64_t add_older(struct maker *k, uint32_t object, uint64_t order)
{
	size_t first, n = model_references_of(k->m, object, &first);
	uint64_t count = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &k->m->references[i];

		if (r->kind != RKN_REFERENCE || r->order >= order)
			continue;
		add(k, r->stack, false);
		count++;
	}
	return count;
}

static void add_all(struct maker *k, uint32_t object)
{
	const struct rkn_object *o = &k->m->objects[object];
	const struct rkn_event *e;
	size_t first, n = ledger_events(k->m, object, &first);

	add(k, o->stack, false);
	k->b->lost = o->event_count > n ? o->event_count - n : 0;
	/* A release whose retain was not kept tells nothing. */
	for (; k->b->lost && n > 1 && change_of(&k->m->events[first]) < 0;
	     n--, first++)
		k->b->lost++;
	for (size_t i = first; i < first + n; i++)
		if (change_of(&k->m->events[i]))
			add(k, k->m->events[i].stack,
			    change_of(&k->m->events[i]) < 0);
	if (!k->b->lost || !n)
		return;
	e = &k->m->events[first];
	k->b->lost_count = (int64_t)e->count - change_of(e) - 1 -
			   (int64_t)add_older(k, object, e->order);
}

/* The frames with sums by their parents. */
static void sort(struct maker *k)
{
	size_t count = k->m->frame_count;

	k->first = xcalloc(count + 2, sizeof(*k->first));
	k->children = xcalloc(count + 1, sizeof(*k->children));
	for (size_t f = 1; f < count; f++)
		if (k->sums[f].retains || k->sums[f].releases)
			k->first[k->m->frames[f].parent + 2]++;
	for (size_t f = 2; f < count + 2; f++)
		k->first[f] += k->first[f - 1];
	for (uint32_t f = 1; f < count; f++)
		if (k->sums[f].retains || k->sums[f].releases)
			k->children[k->first[k->m->frames[f].parent + 1]++] = f;
}

static bool is_pruned(const struct maker *k, uint32_t f)
{
	return !k->all && k->sums[f].retains == k->sums[f].releases;
}

static void append(struct maker *k, uint32_t f, size_t depth)
{
	if (!(k->b->count & (k->b->count + 1)))
		k->b->nodes = xreallocarray(k->b->nodes, 2 * k->b->count + 2,
					    sizeof(*k->b->nodes));
	k->b->nodes[k->b->count++] =
	    (struct balance_node){ f, k->sums[f].retains, k->sums[f].releases,
				   depth };
}

/* Stacks are as deep as a program likes: without recursion. `next[f]`: how many
 * children of f were visited. */
static void walk(struct maker *k)
{
	uint32_t *next = xcalloc(k->m->frame_count, sizeof(*next));
	uint32_t f = 0;
	size_t depth = 0;

	for (;;) {
		uint32_t at = k->first[f] + next[f]++;
		uint32_t child;

		if (at >= k->first[f + 1]) {
			if (!f)
				break;
			f = k->m->frames[f].parent;
			depth--;
			continue;
		}
		child = k->children[at];
		if (is_pruned(k, child)) {
			k->b->pruned +=
			    k->sums[child].retains + k->sums[child].releases;
			continue;
		}
		append(k, child, depth++);
		f = child;
	}
	free(next);
	if (!k->sums[0].retains && !k->sums[0].releases)
		return;
	if (is_pruned(k, 0))
		k->b->pruned += k->sums[0].retains + k->sums[0].releases;
	else
		append(k, 0, 0);
}

void balance_make(struct balance *b, const struct model *m, uint32_t object,
		  bool all)
{
	struct maker k = { m, b, NULL, all, NULL, NULL };

	*b = (struct balance){ 0 };
	k.sums = xcalloc(m->frame_count + 1, sizeof(*k.sums));
	add_all(&k, object);
	sort(&k);
	walk(&k);
	free(k.sums);
	free(k.first);
	free(k.children);
}

void balance_release(struct balance *b)
{
	free(b->nodes);
	*b = (struct balance){ 0 };
}
