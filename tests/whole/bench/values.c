/* SPDX-License-Identifier: MIT */
/* What values of an interpreter's shape need; see references.py. Built with
 * annotations and without. */
#include "../plants/values.h"

#include "best.h"

#define DEPTH 10
#define PAIRS 100000

static struct value kept;

static struct value tree(int depth)
{
	struct value v = value_object();

	value_set(v, 0, value_string("leaf"));
	for (int i = 1; depth && i < 3; i++)
		value_set(v, i, tree(depth - 1));
	return v;
}

static double sum(struct value v, int depth)
{
	double n = 1;

	for (int i = 1; depth && i < 3; i++) {
		struct value member = value_get(v, i);

		n += sum(member, depth - 1);
		value_free(member);
	}
	return n;
}

static void build_and_free(void)
{
	value_free(tree(DEPTH));
}

static void visit(void)
{
	if (sum(kept, DEPTH) < 1)
		abort();
}

static void collect(void)
{
	struct value v = tree(DEPTH);

	value_set(v, 3, value_dup(v));
	value_free(v);
	values_collect();
}

/* `deep` frames down. */
static __attribute__((noipa)) void pairs(int deep)
{
	if (deep) {
		pairs(deep - 1);
		__asm__ volatile("" ::: "memory"); /* no jump instead */
		return;
	}
	for (int i = 0; i < PAIRS; i++) {
		value_dup(kept);
		__asm__ volatile("" ::: "memory");
		value_free(kept);
	}
}

/* Frames above it: best_print(), main() and three of the C library's start. */
static void pairs_at_5(void)
{
	pairs(0);
}

static void pairs_at_30(void)
{
	pairs(25);
}

int main(void)
{
	double values = (2 << DEPTH) * 2;

	kept = tree(DEPTH);
	best_print("build,free", 15, values, build_and_free);
	best_print("visit", 15, values, visit);
	best_print("build,collect", 15, values, collect);
	best_print("pair_at_5", 15, PAIRS, pairs_at_5);
	best_print("pair_at_30", 15, PAIRS, pairs_at_30);
	return 0;
}
