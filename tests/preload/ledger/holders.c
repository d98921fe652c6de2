/* SPDX-License-Identifier: MIT */
/*
 * Who holds what, and what is left in pools, one corner a run: see
 * test_holders.py.
 */
#include <refknot.h>
#include <stdlib.h>

#include "corners.h"

struct part {
	int refs;
	char text[28];
};

struct array {
	int refs;
	struct part *parts[4];
};

NOINLINE static struct part *part_new(const char *type)
{
	struct part *p = calloc(1, sizeof(*p));

	p->refs = 1;
	refknot_object(p, type);
	return p;
}

NOINLINE static void part_put(struct part *p)
{
	refknot_release(p);
	if (!--p->refs)
		free(p);
}

NOINLINE static void part_drop(struct part *p, const void *by)
{
	refknot_release_by(p, by, "part");
	if (!--p->refs)
		free(p);
}

NOINLINE static struct array *array_of(int parts)
{
	struct array *a = calloc(1, sizeof(*a));

	a->refs = 1;
	refknot_object(a, "Array");
	for (int i = 0; i < parts; i++) {
		a->parts[i] = part_new("Part");
		refknot_move(a->parts[i], NULL, a);
	}
	return a;
}

NOINLINE static void frees_by_hand(struct array *a)
{
	free(a);
}

static struct part *shared;

/* --- What `refs` says of nothing ------------------------------------------------- */

static void nothing_is_made(void)
{
	free(malloc(10));
}

static void all_end(void)
{
	for (int i = 0; i < 5; i++)
		part_put(part_new(i < 3 ? "Part" : "Other"));
}

static void one_is_freed_while_held(void)
{
	struct part *p = part_new("Part");

	part_put(part_new("Part"));
	refknot_retain(p);
	free(p);
}

/* Its reference was given back, and its memory is kept for the next. */
static void one_is_alive_without(void)
{
	part_put(part_new("Part"));
	shared = part_new("Part");
	refknot_release(shared);
}

/* --- What held it ------------------------------------------------------------------- */

static void holder_is_freed_by_hand(void)
{
	struct array *a = array_of(3);

	refknot_release(a);
	frees_by_hand(a);
}

static void holder_is_freed_unreleased(void)
{
	frees_by_hand(array_of(2));
}

static void holder_gives_back(void)
{
	struct array *a = array_of(3);

	for (int i = 0; i < 3; i++)
		part_drop(a->parts[i], a);
	refknot_release(a);
	free(a);
}

/* 32 that hold one, which is in use. */
static struct array *arrays[32];

NOINLINE static void array_takes(struct array *a, struct part *p)
{
	p->refs++;
	a->parts[0] = p;
	refknot_retain_by(p, a, "part");
}

static void many_hold_one(void)
{
	shared = part_new("Part");
	for (int i = 0; i < 32; i++) {
		arrays[i] = array_of(0);
		array_takes(arrays[i], shared);
	}
}

static void many_held_one(void)
{
	many_hold_one();
	for (int i = 0; i < 32; i++) {
		refknot_release(arrays[i]);
		frees_by_hand(arrays[i]);
		arrays[i] = NULL;
	}
	part_put(shared);
	shared = NULL;
}

/* It is in use still. */
static void many_left_one(void)
{
	many_hold_one();
	for (int i = 0; i < 32; i++) {
		refknot_release(arrays[i]);
		frees_by_hand(arrays[i]);
		arrays[i] = NULL;
	}
}

/* --- Pools ---------------------------------------------------------------------------- */

static char *pool;
static size_t used;

NOINLINE static struct part *part_in_pool(const char *type)
{
	struct part *p;

	if (!pool)
		pool = calloc(64, sizeof(*p));
	p = (struct part *)pool + 10 + used++;
	p->refs = 1;
	refknot_object(p, type);
	return p;
}

NOINLINE static void forgets_in_pool(void)
{
	part_in_pool("Part");
	part_in_pool("Part");
	part_in_pool("Other");
}

NOINLINE static void ends_in_pool(struct part *p)
{
	refknot_release(p);
	refknot_object_end(p);
}

static void pool_has_some(void)
{
	ends_in_pool(part_in_pool("Part"));
	forgets_in_pool();
}

static void pool_has_one(void)
{
	ends_in_pool(part_in_pool("Part"));
	part_in_pool("Part");
}

static void pool_is_empty(void)
{
	ends_in_pool(part_in_pool("Part"));
	ends_in_pool(part_in_pool("Part"));
}

/* What a finding is about is no object of which nothing is told. */
static void pool_is_lost(void)
{
	forgets_in_pool();
	pool = NULL;
}

static const struct corner corners[] = {
	CORNER(nothing_is_made),         CORNER(all_end),
	CORNER(one_is_freed_while_held), CORNER(one_is_alive_without),
	CORNER(holder_is_freed_by_hand), CORNER(holder_is_freed_unreleased),
	CORNER(holder_gives_back),       CORNER(many_hold_one),
	CORNER(many_held_one),           CORNER(many_left_one),
	CORNER(pool_has_some),           CORNER(pool_has_one),
	CORNER(pool_is_empty),           CORNER(pool_is_lost),
};

MAIN(corners)
