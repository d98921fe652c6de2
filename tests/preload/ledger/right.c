/* SPDX-License-Identifier: MIT */
/*
 * Programs that do nothing wrong, though it may look so: one corner a run, by
 * name. test_right.py expects no finding of any.
 */
#include "node.h"

/* Only a kernel or a library that is not searched knows them. */
static NOINLINE void roots_have_no_pointers(void)
{
	for (int i = 0; i < 5; i++) {
		refknot_root(node_new("Registered"));
		refknot_not_leak(node_new("Left behind"));
		refknot_ignore(node_new("Ignored"));
	}
}

/* Hidden from a search, as by a program that keeps an index or spare bits. */
static NOINLINE uintptr_t encode(const struct node *n)
{
	return (uintptr_t)n ^ 0x5555555555555555;
}

static NOINLINE void hold_encoded(struct node *holder)
{
	struct node *n = node_new("Encoded");
	uintptr_t code = encode(n);

	refknot_move(n, NULL, holder);
	memcpy(holder->rest, &code, sizeof(code));
}

static NOINLINE void holders_keep_encoded_pointers(void)
{
	for (int i = 0; i < 5; i++)
		hold_encoded(table[i] = node_new("Holder"));
}

static uintptr_t codes[5];

static NOINLINE void static_holders_keep_encoded_pointers(void)
{
	for (int i = 0; i < 5; i++) {
		struct node *n = node_new("Encoded");

		codes[i] = encode(n);
		refknot_move(n, NULL, (void *)&codes[i]);
	}
}

static NOINLINE void holders_keep_numbers(void)
{
	struct node *n = table[0] = node_new("Numbered");

	table[1] = node_new("Holder");
	table[2] = node_new("Holder");
	node_ref(n, table[1], "id");
	node_ref(n, table[2], "id");
	node_unref(n);
}

static NOINLINE void one_pointer_holds_several_references(void)
{
	struct node *holder = table[0] = node_new("Holder");

	holder->next = node_new("Budget");
	refknot_move(holder->next, NULL, holder);
	for (int i = 0; i < 3; i++)
		node_ref(holder->next, holder, "bulk");
}

/* Taken by name, and given back by a function that knows no names. */
static NOINLINE void named_references_are_released_unnamed(void)
{
	for (int i = 0; i < 3; i++) {
		struct node *n = node_new("Shared"), *user = node_new("User");

		table[i] = n;
		user->other = node_ref(n, user, "other");
		user->other = NULL;
		node_unref(n);
		node_unref(user);
	}
}

/* The same with a child, which its parent holds. */
static NOINLINE void children_let_go_of_parents_unnamed(void)
{
	for (int i = 0; i < 3; i++) {
		struct node *parent = node_new("Parent");
		struct node *child = node_new("Child");

		table[i] = parent;
		parent->next = child;
		refknot_move(child, NULL, parent);
		child->other = node_ref(parent, child, "parent");
		child->other = NULL;
		node_unref(parent);
	}
}

static const struct corner corners[] = {
	CORNER(roots_have_no_pointers),
	CORNER(holders_keep_encoded_pointers),
	CORNER(static_holders_keep_encoded_pointers),
	CORNER(holders_keep_numbers),
	CORNER(one_pointer_holds_several_references),
	CORNER(named_references_are_released_unnamed),
	CORNER(children_let_go_of_parents_unnamed),
};

MAIN(corners)
