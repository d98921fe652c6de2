/* SPDX-License-Identifier: MIT */
/*
 * Holders that give away what they do not have, and programs that are right
 * although their holders are not always named. One corner a run, by name;
 * test_strangers.py tells what is expected of each.
 */
#include "node.h"

static struct node *a, *b, *x;

static NOINLINE void begin(void)
{
	table[0] = a = node_new("A");
	table[1] = b = node_new("B");
	x = node_new("X");
}

static NOINLINE void end_both(void)
{
	refknot_release(a);
	free(a);
	refknot_release(b);
	free(b);
}

/* --- Wrong -------------------------------------------------------------- */

static NOINLINE void takes(struct node *holder, const char *field)
{
	refknot_retain_by(x, holder, field);
}

static NOINLINE void gives_back(struct node *holder, const char *field)
{
	refknot_release_by(x, holder, field);
}

static NOINLINE void is_given(struct node *from, struct node *to)
{
	refknot_move(x, from, to);
}

static NOINLINE void by_one_that_never_had_it(void)
{
	begin();
	takes(a, "slot");
	gives_back(b, "slot");
	refknot_release(x);
	free(x);
	end_both();
}

static NOINLINE void by_one_that_gave_it_back(void)
{
	begin();
	takes(a, "slot");
	gives_back(a, "slot");
	takes(b, "slot");
	is_given(NULL, b);
	gives_back(a, NULL);
	gives_back(b, NULL);
	free(x);
	end_both();
}

static NOINLINE void by_one_that_moved_it_away(void)
{
	begin();
	is_given(NULL, a);
	is_given(a, b);
	gives_back(a, NULL);
	free(x);
	end_both();
}

/* Each release of this place, by one that took none. */
static NOINLINE void by_many_that_never_had_it(void)
{
	for (volatile int i = 0; i < 3; i++)
		by_one_that_never_had_it();
}

static NOINLINE void moved_by_one_that_has_none(void)
{
	struct node *c = node_new("C");

	begin();
	is_given(NULL, a);
	is_given(b, c);
	gives_back(c, NULL);
	free(x);
	end_both();
	refknot_release(c);
	free(c);
}

static NOINLINE void given_to_two(void)
{
	begin();
	is_given(NULL, a);
	is_given(NULL, b);
	gives_back(b, NULL); /* it was told already that it has none */
	free(x);
	end_both();
}

static NOINLINE void given_to_one_twice(void)
{
	begin();
	is_given(NULL, a);
	is_given(NULL, a);
	gives_back(a, NULL);
	free(x);
	end_both();
}

static NOINLINE void unlinks(struct node *owner)
{
	refknot_unlink(owner, x, "slot");
}

static NOINLINE void unlinked_by_another(void)
{
	begin();
	refknot_link(a, x, "slot");
	unlinks(b);
	refknot_release(x);
	free(x);
	end_both();
}

static NOINLINE void unlinked_twice(void)
{
	begin();
	refknot_link(a, x, "slot");
	refknot_unlink(a, x, "slot");
	unlinks(a);
	refknot_release(x);
	free(x);
	end_both();
}

static struct node *slots[2]; /* no object */

static NOINLINE void fills_slot(void *slot, const char *field)
{
	refknot_retain_by(x, slot, field);
}

static NOINLINE void clears_slot(void *slot, const char *field)
{
	refknot_release_by(x, slot, field);
}

/* What it gives back is neither a's nor the slot's. */
static NOINLINE void beside_slot(void *slot)
{
	begin();
	refknot_move(x, NULL, slot);
	takes(a, "slot");
	gives_back(b, "slot");
	clears_slot(slot, "entry");
	refknot_object_end(x);
	free(x);
	end_both();
}

static NOINLINE void beside_a_global(void)
{
	beside_slot(&slots[1]);
}

static NOINLINE void beside_a_heap_array(void)
{
	struct node **array = calloc(8, sizeof(*array));

	beside_slot(&array[3]);
	free(array);
}

/* a and c, who are right, give theirs back after b did. */
static NOINLINE void before_those_that_have_it(void)
{
	struct node *c = node_new("C");

	begin();
	is_given(NULL, a);
	takes(c, "slot");
	refknot_retain(x);
	refknot_release(x);
	gives_back(b, "slot");
	refknot_release_by(x, a, "other");
	refknot_object_end(x);
	free(x);
	end_both();
	refknot_release(c);
	free(c);
}

/* --- Right -------------------------------------------------------------- */

/* Of two holders, one gives back what was moved to it, in a field. */
static NOINLINE void moved_and_given_back_in_a_field(void)
{
	begin();
	is_given(NULL, a);
	takes(b, "slot");
	gives_back(a, "entry");
	gives_back(b, "slot");
	free(x);
	end_both();
}

static NOINLINE void moved_and_linked(void)
{
	begin();
	is_given(NULL, a);
	refknot_link(a, x, "entry");
	takes(b, "slot");
	gives_back(a, "entry");
	gives_back(b, "slot");
	free(x);
	end_both();
}

static NOINLINE void taken_without_a_field(void)
{
	begin();
	takes(a, NULL);
	refknot_release(x);
	takes(b, "slot");
	gives_back(a, "entry");
	gives_back(b, "slot");
	free(x);
	end_both();
}

static NOINLINE void given_back_without_a_field(void)
{
	begin();
	takes(a, "entry");
	refknot_release(x);
	takes(b, "slot");
	gives_back(a, NULL);
	gives_back(b, "slot");
	free(x);
	end_both();
}

/* The first owner's field is not the second's. */
static NOINLINE void moved_to_a_field_of_another_name(void)
{
	begin();
	takes(a, "slot");
	refknot_release(x);
	is_given(a, b);
	takes(a, "slot");
	gives_back(b, "entry");
	gives_back(a, "slot");
	free(x);
	end_both();
}

/* Each in its field, the older one first. */
static NOINLINE void in_two_fields(void)
{
	begin();
	is_given(NULL, a);
	takes(a, "first");
	takes(a, "last");
	gives_back(a, "first");
	gives_back(a, NULL);
	gives_back(a, "last");
	free(x);
	end_both();
}

static NOINLINE void linked_without_a_field(void)
{
	begin();
	refknot_link(a, x, NULL);
	refknot_unlink(a, x, "entry");
	refknot_release(x);
	free(x);
	end_both();
}

static NOINLINE void moved_to_a_global(void)
{
	begin();
	refknot_move(x, NULL, &slots[0]);
	takes(b, "slot");
	fills_slot(&slots[1], "entry");
	clears_slot(&slots[0], "entry");
	clears_slot(&slots[1], NULL);
	gives_back(b, "slot");
	free(x);
	end_both();
}

/* --- Right, and counted --------------------------------------------------- */

/* Another holder's is there as well. */
static NOINLINE void a_field_has_two_names_among_others(void)
{
	begin();
	takes(a, "first");
	refknot_release(x);
	takes(b, "slot");
	gives_back(a, "last");
	gives_back(b, "slot");
	free(x);
	end_both();
}

/* It was filled in on the stack. */
static NOINLINE void copied_from_the_stack(void)
{
	struct node local;

	begin();
	refknot_move(x, NULL, &local);
	gives_back(b, "slot");
	free(x);
	end_both();
}

/* Both arrays are there. */
static NOINLINE void copied_between_arrays(void)
{
	struct node **one = malloc(64), **other = malloc(64);

	begin();
	refknot_move(x, NULL, one);
	other[0] = x;
	clears_slot(other, NULL);
	free(x);
	free(one);
	free(other);
	end_both();
}

/* Nobody is named who takes, those who give back are. */
static NOINLINE void named_where_they_give_back(void)
{
	begin();
	refknot_retain(x);
	refknot_retain(x);
	gives_back(a, NULL);
	gives_back(b, NULL);
	gives_back(a, NULL);
	free(x);
	end_both();
}

/* Some take what makers have, and nobody says so; that is so everywhere. */
static NOINLINE void makers_references_are_stolen(void)
{
	begin();
	gives_back(b, NULL); /* all that X#1 had */
	free(x);
	x = node_new("X");
	takes(a, NULL);
	gives_back(b, NULL);
	gives_back(a, NULL);
	free(x);
	end_both();
}

/* One of those that nobody is named for is b's. */
static NOINLINE void some_take_without_a_name(void)
{
	begin();
	takes(a, NULL);
	refknot_retain(x);
	gives_back(b, NULL);
	gives_back(a, NULL);
	refknot_release(x);
	free(x);
	end_both();
}

static NOINLINE void fields_have_two_names(void)
{
	begin();
	is_given(NULL, b);
	takes(a, "first");
	gives_back(a, "last");
	gives_back(b, NULL);
	free(x);
	end_both();
}

/* Holders that are no objects are copied. */
static NOINLINE void holders_are_copied(void)
{
	struct plain {
		struct node *x;
	} *rows = malloc(sizeof(*rows)), *moved;

	begin();
	rows->x = x;
	refknot_move(x, NULL, rows);
	moved = malloc(100 * sizeof(*rows));
	*moved = *rows;
	free(rows);
	refknot_release_by(x, moved, NULL);
	free(x);
	free(moved);
	end_both();
}

/* b has its contents. */
static NOINLINE void a_holder_has_a_successor(void)
{
	begin();
	is_given(NULL, a);
	refknot_release(a);
	free(a);
	gives_back(b, NULL);
	free(x);
	refknot_release(b);
	free(b);
}

static NOINLINE void linked_ones_are_given_back(void)
{
	begin();
	takes(a, NULL);
	refknot_link(b, x, "slot");
	gives_back(b, NULL);
	gives_back(a, NULL);
	free(x);
	end_both();
}

/* What its counter has, and nobody told. */
static NOINLINE void counted_and_not_told(void)
{
	begin();
	refknot_object_end(x);
	refknot_object_counted(x, "X", &x->references);
	is_given(NULL, a);
	x->references++;
	is_given(NULL, b);
	gives_back(b, NULL);
	x->references--;
	gives_back(a, NULL);
	x->references--;
	free(x);
	end_both();
}

static NOINLINE void weak_edges_go_late(void)
{
	begin();
	refknot_weak(a, x, "slot");
	refknot_unweak(a, x, "slot");
	refknot_unweak(a, x, "slot");
	refknot_release(x);
	free(x);
	end_both();
}

static const struct corner corners[] = {
	CORNER(by_one_that_never_had_it),
	CORNER(by_one_that_gave_it_back),
	CORNER(by_one_that_moved_it_away),
	CORNER(by_many_that_never_had_it),
	CORNER(moved_by_one_that_has_none),
	CORNER(given_to_two),
	CORNER(given_to_one_twice),
	CORNER(unlinked_by_another),
	CORNER(unlinked_twice),
	CORNER(beside_a_global),
	CORNER(beside_a_heap_array),
	CORNER(before_those_that_have_it),
	CORNER(moved_and_given_back_in_a_field),
	CORNER(moved_and_linked),
	CORNER(taken_without_a_field),
	CORNER(given_back_without_a_field),
	CORNER(moved_to_a_field_of_another_name),
	CORNER(in_two_fields),
	CORNER(linked_without_a_field),
	CORNER(moved_to_a_global),
	CORNER(a_field_has_two_names_among_others),
	CORNER(copied_from_the_stack),
	CORNER(copied_between_arrays),
	CORNER(named_where_they_give_back),
	CORNER(makers_references_are_stolen),
	CORNER(some_take_without_a_name),
	CORNER(fields_have_two_names),
	CORNER(holders_are_copied),
	CORNER(a_holder_has_a_successor),
	CORNER(linked_ones_are_given_back),
	CORNER(counted_and_not_told),
	CORNER(weak_edges_go_late),
};

MAIN(corners)
