/* SPDX-License-Identifier: MIT */
#include "callers_calls.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "fnv.h"
#include "list.h"
#include "place.h"
#include "walk.h"

#define ASKED  65536 /* objects that are looked at for those: */
#define OTHERS 256   /* objects of the type, in which helpers are looked for */

/* --- Functions ------------------------------------------------------------ */

static uint32_t number_of(struct maker *k, const struct location *l)
{
	uint64_t hash = fnv_text(FNV_OFFSET, l->module ? l->module : "");
	struct function *f;

	hash = l->function ? fnv_text(hash, l->function)
			   : hash ^ (l->offset | 1ull << 63);
	HASH_FIND(hh, k->table, &hash, sizeof(hash), f);
	if (!f) {
		HASH_MAKE(k->table, hash, hash, f);
		f->number = k->functions++;
		f->place = l;
	}
	return f->number;
}

/* Each stack is looked at once: few make all calls. */
static const struct path *path_of(struct maker *k, uint32_t stack)
{
	struct path *p;

	HASH_FIND(hh, k->paths, &stack, sizeof(stack), p);
	if (!p) {
		const struct location *l;
		struct walk w;

		HASH_MAKE(k->paths, stack, stack, p);
		walk_begin(&w, k->m, k->s, p->stack);
		while (p->depth < DEPTH && (l = walk_next(&w)))
			/* Allocators and refknot.h call for others. */
			if (p->depth || !l->function ||
			    (!place_allocates(l) &&
			     strncmp(l->function, "refknot_", 8)))
				p->functions[p->depth++] = number_of(k, l);
	}
	return p;
}

/* --- Calls ---------------------------------------------------------------- */

static void add_call(struct maker *k, enum change_kind kind, uint32_t stack)
{
	const struct path *p = path_of(k, stack);
	struct call *c;

	c = LIST_ADD(k->calls, k->count);
	*c = (struct call){ .stack = stack,
			    .depth = p->depth,
			    .kind = kind,
			    .counts = k->counts,
			    .left = RKN_NONE };
	memcpy(c->path, p->functions, sizeof(c->path));
}

static void add_change(const struct change *change, void *data)
{
	struct maker *k = data;

	if (!k->unnamed || !change->named)
		add_call(k, change->kind, change->stack);
}

/* Adds the references that are left and have named holders: no call without a
 * holder gave them back. Where these calls do not explain the rest, one may
 * have. */
static void add_named(struct maker *k, uint32_t object, size_t first_call)
{
	size_t first, n = model_references_of(k->m, object, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &k->m->references[i];
		size_t c;

		if (r->kind != RKN_REFERENCE || !r->holder)
			continue;
		if (k->unnamed)
			add_call(k, CHANGE_TAKEN, r->stack);
		else
			k->mixed |= k->counts;
		/* The call that took what is left to it. */
		c = k->count;
		while (c > first_call &&
		       (k->calls[c - 1].kind != CHANGE_TAKEN ||
			k->calls[c - 1].stack != r->stack ||
			k->calls[c - 1].left != RKN_NONE))
			c--;
		if (c > first_call)
			k->calls[c - 1].left = (uint32_t)i;
	}
}

static void add_object(struct maker *k, uint32_t object)
{
	const struct rkn_object *o = &k->m->objects[object];
	size_t first = k->count;
	struct changes c;

	k->unnamed = changes_explain(k->m, object);
	changes_visit(&c, k->m, object, add_change, k);
	add_named(k, object, first);
	/* The counter in the object also counts calls that do not go through
	 * refknot.h. */
	k->lost |=
	    k->counts &&
	    (c.lost || (o->flags & RKN_OBJECT_COUNTED && o->count != o->told));
}

/* --- Rows ----------------------------------------------------------------- */

static int64_t net_of(const struct callers_row *r)
{
	return (int64_t)r->taken - (int64_t)r->given;
}

static int compare(const void *a, const void *b)
{
	const struct callers_row *x = a, *y = b;

	return ORDER(y->ended, x->ended) ?:
	       ORDER(net_of(y) > 0, net_of(x) > 0) ?:
	       ORDER(llabs(net_of(y)), llabs(net_of(x))) ?:
	       ORDER(x->maker, y->maker) ?:
	       ORDER(x->stack, y->stack);
}

/* Rows of a function: of calls, and of what is left to holders that are named,
 * alive or not. */
enum { ROW_CALLS, ROW_NAMED, ROW_ENDED, ROWS };

static size_t row_of(const struct maker *k, const struct call *c)
{
	size_t f = c->depth ? calls_caller(c) : k->functions;
	const struct rkn_reference *r;

	if (c->left == RKN_NONE)
		return ROWS * f + ROW_CALLS;
	r = &k->m->references[c->left];
	return ROWS * f +
	       (r->from && k->m->objects[r->from].flags & RKN_OBJECT_ENDED
		    ? ROW_ENDED
		    : ROW_NAMED);
}

/* A few a function, and as many for calls whose stack is not known. */
static struct callers_row *sum_rows(const struct maker *k, size_t count)
{
	struct callers_row *rows = xcalloc(count, sizeof(*rows));
	uint32_t *gave = xcalloc(count, sizeof(*gave));
	struct sums *ways = callers_sum_ways(k);

	for (size_t i = 0; i < count; i++) {
		rows[i].maker = true;
		rows[i].ended = i % ROWS == ROW_ENDED;
		rows[i].reference = RKN_NONE;
	}
	for (size_t i = 0; i < k->count; i++) {
		const struct call *c = &k->calls[i];
		size_t f = row_of(k, c);
		struct callers_row *row;

		if (!c->counts)
			continue;
		rows[f].within = callers_within(k, c, ways);
		if (c->kind == CHANGE_GIVEN_BACK) {
			rows[f].place =
			    c->depth ? k->places[calls_caller(c)] : NULL;
			rows[f].given++;
			gave[f] = c->stack;
			continue;
		}
		row = &rows[f];
		row->place = c->depth ? k->places[calls_caller(c)] : NULL;
		row->taken++;
		row->maker &= c->kind == CHANGE_MADE;
		row->stack = c->stack;
		if (row->reference == RKN_NONE)
			row->reference = c->left;
	}
	for (size_t i = 0; i < count; i++)
		if (net_of(&rows[i]) < 0)
			rows[i].stack = gave[i];
	free(gave);
	free(ways);
	return rows;
}

/* What is left to a named holder was given back by nobody: of the others, those
 * that are more than all that was. */
static void find_certain(struct callers *c, bool mixed)
{
	uint64_t given = 0, taken = 0, named = 0;

	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].reference != RKN_NONE)
			named += c->rows[i].taken;
		else if (net_of(&c->rows[i]) < 0)
			given += (uint64_t)-net_of(&c->rows[i]);
		else
			taken += (uint64_t)net_of(&c->rows[i]);
	if (mixed) {
		taken += named;
		named = 0;
	}
	c->left = named + (taken > given ? taken - given : 0);
	c->all_named = named && !c->lost && taken == given;
	if (c->lost || mixed)
		return;
	for (size_t i = 0; i < c->count; i++) {
		struct callers_row *r = &c->rows[i];

		if (r->reference != RKN_NONE)
			r->certain = r->taken;
		else if (!c->assumed && net_of(r) > 0 &&
			 (uint64_t)net_of(r) > given)
			r->certain = (uint64_t)net_of(r) - given;
		c->certain += r->certain;
	}
}

/* Alone, a caller that is left by assumption would be blamed for nothing but
 * that: so it is made twice then. */
static void attribute(struct callers *c, struct maker *k, bool assuming)
{
	size_t count;

	for (size_t i = 0; i < k->count; i++)
		k->calls[i].at = 0;
	k->assumed = false;
	callers_skip_helpers(k, assuming);
	count = ROWS * (k->functions + (size_t)1);
	c->rows = sum_rows(k, count);
	c->lost = k->lost;
	c->assumed = k->assumed;
	for (size_t i = 0; i < count; i++)
		if (net_of(&c->rows[i]))
			c->rows[c->count++] = c->rows[i];
	if (c->count)
		qsort(c->rows, c->count, sizeof(*c->rows), compare);
	find_certain(c, k->mixed);
	if (!c->all_named)
		return;
	/* All that is left has holders that are named: the calls that name
	 * nobody are even. */
	count = 0;
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].reference != RKN_NONE)
			c->rows[count++] = c->rows[i];
	c->count = count;
}

void callers_make(struct callers *c, const struct reading *in,
		  const uint32_t *objects, size_t count)
{
	const struct model *m = in->m;
	struct maker k = { .m = m, .s = in->symbols, .counts = true };
	struct function *f, *next;
	uint32_t *sorted, type;
	unsigned others = 0;

	*c = (struct callers){ 0 };
	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		add_object(&k, objects[i]);
	/* The calls about other objects of the type show which function helps
	 * which. */
	k.counts = false;
	type = m->objects[objects[0]].type;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, objects, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), list_ascending_32);
	for (uint32_t i = 1;
	     i < m->object_count && i < ASKED && others < OTHERS; i++) {
		if (m->objects[i].type != type ||
		    bsearch(&i, sorted, count, sizeof(i), list_ascending_32))
			continue;
		add_object(&k, i);
		others++;
	}
	free(sorted);
	k.places = xcalloc(k.functions + 1u, sizeof(*k.places));
	HASH_ITER (hh, k.table, f, next)
		k.places[f->number] = f->place;
	attribute(c, &k, true);
	if (c->assumed && c->count == 1) {
		free(c->rows);
		*c = (struct callers){ 0 };
		attribute(c, &k, false);
	}
	HASH_FREE(k.table);
	HASH_FREE(k.paths);
	free(k.places);
	free(k.calls);
}

void callers_release(struct callers *c)
{
	free(c->rows);
	*c = (struct callers){ 0 };
}
