/* SPDX-License-Identifier: MIT */
#include "callers_calls.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "fnv.h"
#include "place.h"

#define ASKED  65536 /* objects that are looked at for those: */
#define OTHERS 256   /* objects of the same type that tell of helpers */

/* --- Functions ------------------------------------------------------------ */

static uint64_t hash_of(const struct location *l)
{
	uint64_t hash = fnv_text(FNV_OFFSET, l->module ? l->module : "");

	if (l->function)
		return fnv_text(hash, l->function);
	return hash ^ (l->offset | 1ull << 63);
}

static uint32_t number_of(struct maker *k, const struct location *l)
{
	uint64_t hash = hash_of(l);
	struct function *f;

	HASH_FIND(hh, k->table, &hash, sizeof(hash), f);
	if (!f) {
		f = xcalloc(1, sizeof(*f));
		f->hash = hash;
		f->number = k->functions++;
		f->place = l;
		HASH_ADD(hh, k->table, hash, sizeof(f->hash), f);
	}
	return f->number;
}

/* What stands for the allocator or for refknot.h is nobody's caller. */
static bool is_passed(const struct location *l)
{
	return l->function && (place_is_wrapper(l->function) ||
			       !strncmp(l->function, "refknot_", 8));
}

static void find_path(struct maker *k, struct path *p)
{
	uint32_t f = k->m->stacks[p->stack].frame;

	for (; f && p->depth < DEPTH; f = k->m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(k->s, f, &l);

		for (size_t i = 0; i < n && p->depth < DEPTH; i++)
			if (p->depth || !is_passed(&l[i]))
				p->functions[p->depth++] = number_of(k, &l[i]);
	}
}

/* Each stack is looked at once: few make all calls. */
static const struct path *path_of(struct maker *k, uint32_t stack)
{
	struct path *p;

	HASH_FIND(hh, k->paths, &stack, sizeof(stack), p);
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->stack = stack;
		find_path(k, p);
		HASH_ADD(hh, k->paths, stack, sizeof(p->stack), p);
	}
	return p;
}

/* --- Calls ---------------------------------------------------------------- */

static void add_call(struct maker *k, enum change_kind kind, uint32_t stack)
{
	const struct path *p = path_of(k, stack);
	struct call *c;

	if (k->count == k->capacity) {
		k->capacity = k->capacity ? 2 * k->capacity : 64;
		k->calls =
		    xreallocarray(k->calls, k->capacity, sizeof(*k->calls));
	}
	c = &k->calls[k->count++];
	*c = (struct call){ .stack = stack,
			    .depth = p->depth,
			    .kind = kind,
			    .counts = k->counts };
	memcpy(c->path, p->functions, sizeof(c->path));
}

static void add_change(const struct change *change, void *data)
{
	struct maker *k = data;

	if (!k->unnamed || !change->named)
		add_call(k, change->kind, change->stack);
}

static void count_unnamed(const struct change *change, void *data)
{
	struct maker *k = data;

	if (!change->named)
		k->left += change->kind == CHANGE_GIVEN_BACK ? -1 : 1;
}

/* References that are left and that somebody is named for, or nobody. */
static int64_t count_left(const struct model *m, uint32_t object, bool named)
{
	size_t first, n = model_references_of(m, object, &first);
	int64_t left = !named && m->objects[object].flags & RKN_OBJECT_MAKER;

	for (size_t i = first; i < first + n; i++)
		left += m->references[i].kind == RKN_REFERENCE &&
			(m->references[i].holder != 0) == named;
	return left;
}

static void add_named(struct maker *k, uint32_t object)
{
	size_t first, n = model_references_of(k->m, object, &first);

	for (size_t i = first; i < first + n; i++)
		if (k->m->references[i].kind == RKN_REFERENCE &&
		    k->m->references[i].holder)
			add_call(k, CHANGE_TAKEN, k->m->references[i].stack);
}

/* Were there calls that refknot was not told of? The counter in the object knows
 * better. */
static bool is_unseen(const struct rkn_object *o)
{
	return o->flags & RKN_OBJECT_COUNTED && o->count != o->told;
}

/* Where calls without a holder explain what is left without one, all others
 * found each other by the holder's name. */
static void add_object(struct maker *k, uint32_t object)
{
	struct changes c;

	k->left = 0;
	changes_visit(&c, k->m, object, count_unnamed, k);
	k->unnamed = !c.lost && k->left == count_left(k->m, object, false);
	changes_visit(&c, k->m, object, add_change, k);
	if (k->unnamed)
		add_named(k, object);
	k->lost |= k->counts && (c.lost || is_unseen(&k->m->objects[object]));
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What other objects of the type went through shows who helps whom. */
static void add_others(struct maker *k, const uint32_t *objects, size_t count)
{
	uint32_t type = k->m->objects[objects[0]].type;
	uint32_t *sorted = xcalloc(count, sizeof(*sorted));
	unsigned others = 0;

	memcpy(sorted, objects, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), ascending);
	k->counts = false;
	for (uint32_t i = 1;
	     i < k->m->object_count && i < ASKED && others < OTHERS; i++) {
		if (k->m->objects[i].type != type ||
		    bsearch(&i, sorted, count, sizeof(i), ascending))
			continue;
		add_object(k, i);
		others++;
	}
	free(sorted);
}

/* --- Rows ----------------------------------------------------------------- */

static int64_t net_of(const struct callers_row *r)
{
	return (int64_t)r->taken - (int64_t)r->given;
}

static int compare(const void *a, const void *b)
{
	const struct callers_row *x = a, *y = b;

	if ((net_of(x) > 0) != (net_of(y) > 0))
		return net_of(x) > 0 ? -1 : 1;
	if (net_of(x) != net_of(y))
		return llabs(net_of(x)) > llabs(net_of(y)) ? -1 : 1;
	if (x->maker != y->maker)
		return x->maker ? 1 : -1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

/* One row a function, and one for calls whose stack is not known. */
static struct callers_row *sum_rows(const struct maker *k)
{
	struct callers_row *rows = xcalloc(k->functions + 1u, sizeof(*rows));
	uint32_t *gave = xcalloc(k->functions + 1u, sizeof(*gave));
	struct sums *ways = callers_sum_ways(k);

	for (uint32_t i = 0; i <= k->functions; i++)
		rows[i].maker = true;
	for (size_t i = 0; i < k->count; i++) {
		const struct call *c = &k->calls[i];
		uint32_t f = c->depth ? calls_caller(c) : k->functions;

		if (!c->counts)
			continue;
		rows[f].place = c->depth ? k->places[f] : NULL;
		rows[f].within = callers_within(k, c, ways);
		if (c->kind == CHANGE_GIVEN_BACK) {
			rows[f].given++;
			gave[f] = c->stack;
			continue;
		}
		rows[f].taken++;
		rows[f].maker &= c->kind == CHANGE_MADE;
		rows[f].stack = c->stack;
	}
	for (uint32_t i = 0; i <= k->functions; i++)
		if (net_of(&rows[i]) < 0)
			rows[i].stack = gave[i];
	free(gave);
	free(ways);
	return rows;
}

static void find_certain(struct callers *c)
{
	uint64_t given = 0, taken = 0;

	for (size_t i = 0; i < c->count; i++)
		if (net_of(&c->rows[i]) < 0)
			given += (uint64_t)-net_of(&c->rows[i]);
		else
			taken += (uint64_t)net_of(&c->rows[i]);
	c->left = taken > given ? taken - given : 0;
	for (size_t i = 0; i < c->count && !c->lost && !c->assumed; i++) {
		struct callers_row *r = &c->rows[i];

		if (net_of(r) > 0 && (uint64_t)net_of(r) > given)
			r->certain = (uint64_t)net_of(r) - given;
		c->certain += r->certain;
	}
}

static void make_rows(struct callers *c, const struct maker *k)
{
	c->rows = sum_rows(k);
	c->lost = k->lost;
	c->assumed = k->assumed;
	for (uint32_t i = 0; i <= k->functions; i++)
		if (net_of(&c->rows[i]))
			c->rows[c->count++] = c->rows[i];
	if (c->count)
		qsort(c->rows, c->count, sizeof(*c->rows), compare);
	find_certain(c);
}

static void list_places(struct maker *k)
{
	struct function *f, *next;

	k->places = xcalloc(k->functions + 1u, sizeof(*k->places));
	HASH_ITER (hh, k->table, f, next)
		k->places[f->number] = f->place;
}

static void release(struct maker *k)
{
	struct function *f, *next;
	struct path *p, *after;

	HASH_ITER (hh, k->table, f, next) {
		HASH_DEL(k->table, f);
		free(f);
	}
	HASH_ITER (hh, k->paths, p, after) {
		HASH_DEL(k->paths, p);
		free(p);
	}
	free(k->places);
	free(k->calls);
}

/* Alone, a caller that is left by assumption would be blamed for nothing but
 * that: so it is made twice then. */
static void attribute(struct callers *c, struct maker *k, bool assuming)
{
	for (size_t i = 0; i < k->count; i++)
		k->calls[i].at = 0;
	k->assumed = false;
	callers_skip_helpers(k, assuming);
	make_rows(c, k);
}

void callers_make(struct callers *c, const struct model *m, struct symbols *s,
		  const uint32_t *objects, size_t count)
{
	struct maker k = { .m = m, .s = s, .counts = true };

	*c = (struct callers){ 0 };
	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		add_object(&k, objects[i]);
	add_others(&k, objects, count);
	list_places(&k);
	attribute(c, &k, true);
	if (c->assumed && c->count == 1) {
		free(c->rows);
		*c = (struct callers){ 0 };
		attribute(c, &k, false);
	}
	release(&k);
}

void callers_release(struct callers *c)
{
	free(c->rows);
	*c = (struct callers){ 0 };
}
