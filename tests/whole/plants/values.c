/* SPDX-License-Identifier: MIT */
/*
 * What an interpreter with such values does right and wrong: one corner a run,
 * by name. What must be found in each stands in test_values.py.
 */
#include "values.h"

#include "corners.h"

static struct value global, second;

static NOINLINE struct value thing_of(int strings)
{
	struct value v = value_object();

	for (int i = 0; i < strings; i++)
		value_set(v, i, value_string("member"));
	return v;
}

static NOINLINE void lookup(struct value v)
{
	value_free(value_get(v, 0));
}

/* One of the callers that take a member; it may forget to give it back. */
static NOINLINE void lookup_for(struct value v, int forgets)
{
	struct value member = value_get(v, 1);

	if (!forgets)
		value_free(member);
}

static NOINLINE void drop(struct value *v)
{
	struct value old = *v;

	*v = value_number(0);
	value_free(old);
}

static NOINLINE void use(int forgets)
{
	lookup(global);
	lookup_for(global, forgets);
	lookup(global);
}

/* A list, whose last leads back to the first. */
static NOINLINE void ring_of(int length)
{
	struct value first = value_object(), last = value_dup(first);

	for (int i = 1; i < length; i++) {
		struct value v = value_object();

		value_set(last, 0, value_dup(v));
		value_free(last);
		last = v;
	}
	value_set(last, 0, value_dup(first));
	value_free(last);
	value_free(first);
}

/* --- Right -------------------------------------------------------------- */

static NOINLINE void values_in_use(void)
{
	global = thing_of(3);
	use(0);
	second = value_get(global, 2);
	value_set(global, 3, thing_of(1));
	value_free(thing_of(2));
}

static NOINLINE void all_is_freed(void)
{
	values_in_use();
	drop(&global);
	drop(&second);
}

static NOINLINE void cycles_are_collected(void)
{
	for (int i = 1; i < 5; i++)
		ring_of(i);
	CHECK(values_collect() == 10);
}

static NOINLINE void slots_are_used_again(void)
{
	struct value list[20];

	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 20; i++)
			list[i] = thing_of(i % 4);
		for (int i = 0; i < 20; i++)
			value_free(list[i]);
		ring_of(3);
		CHECK(round % 50 != 49 || values_collect() == 150);
	}
}

/* --- Wrong -------------------------------------------------------------- */

static NOINLINE void cycle_after_the_last_collection(void)
{
	cycles_are_collected();
	ring_of(3);
}

/* It is not orphaned by what its own collector does with its counters. */
static NOINLINE void cycle_that_is_held_beside_garbage(void)
{
	global = thing_of(1);
	value_set(global, 2, value_dup(global));
	ring_of(2);
	CHECK(values_collect() == 2);
	drop(&global);
}

static NOINLINE void forgotten_member(void)
{
	global = thing_of(2);
	use(1);
	drop(&global);
}

static NOINLINE void forgotten_member_in_use(void)
{
	global = thing_of(2);
	use(1);
}

static NOINLINE void forgets_things(int number)
{
	struct value v = thing_of(2);

	if (number % 3)
		value_free(v);
}

static NOINLINE void forgotten_things(void)
{
	for (int i = 0; i < 9; i++)
		forgets_things(i);
	CHECK(values_collect() == 0);
}

static NOINLINE void frees_a_borrowed_one(void)
{
	value_free(((struct object *)global.counted)->members[1]);
}

static NOINLINE void borrowed_is_freed(void)
{
	global = thing_of(2);
	frees_a_borrowed_one();
	drop(&global);
}

static NOINLINE void stores_a_borrowed_one(void)
{
	value_set(second, 0, ((struct object *)global.counted)->members[1]);
}

static NOINLINE void borrowed_is_stored(void)
{
	global = thing_of(2);
	second = value_object();
	stores_a_borrowed_one();
}

static NOINLINE void overwrites_a_member(void)
{
	((struct object *)global.counted)->members[1] = value_number(1);
}

static NOINLINE void member_is_overwritten(void)
{
	second = thing_of(2);
	global = thing_of(2);
	overwrites_a_member();
}

static const struct corner corners[] = {
	CORNER(values_in_use),
	CORNER(all_is_freed),
	CORNER(cycles_are_collected),
	CORNER(slots_are_used_again),
	CORNER(cycle_after_the_last_collection),
	CORNER(cycle_that_is_held_beside_garbage),
	CORNER(forgotten_member),
	CORNER(forgotten_member_in_use),
	CORNER(forgotten_things),
	CORNER(borrowed_is_freed),
	CORNER(borrowed_is_stored),
	CORNER(member_is_overwritten),
};

MAIN(corners)
