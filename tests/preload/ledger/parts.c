/* SPDX-License-Identifier: MIT */
/*
 * Objects that are parts of blocks: behind a header, and in a pool. One corner
 * a run, by name; test_parts.py tells what is expected of each.
 */
#include "node.h"

#define HEADER 16 /* bytes */

static NOINLINE struct node *node_behind_header(const char *type)
{
	char *block = calloc(1, HEADER + sizeof(struct node));

	refknot_object(block + HEADER, type);
	return (struct node *)(block + HEADER);
}

static void adopt(struct node *parent, struct node *child, struct node **field)
{
	*field = child;
	refknot_move(child, NULL, parent);
	child->other = parent;
	refknot_weak(child, parent, "other");
}

static NOINLINE void a_lost_tree_behind_headers(void)
{
	for (int i = 0; i < 5; i++) {
		struct node *root = node_behind_header("Root");

		adopt(root, node_behind_header("Leaf"), &root->next);
		adopt(root, node_behind_header("Leaf"), &root->other);
	}
}

static NOINLINE void one_of_many_behind_headers_is_over_retained(void)
{
	for (int i = 0; i < 6; i++)
		table[i] = node_behind_header("Cached");
	for (int i = 0; i < 3; i++)
		refknot_retain(table[2]);
}

static char *pool;

static NOINLINE struct node *node_in_pool(int place)
{
	struct node *n;

	if (!pool)
		pool = calloc(1, 4096);
	n = (struct node *)(pool + 64 * place);
	refknot_object(n, "Pooled");
	return n;
}

/* Two cycles of two; two more that are in use. */
static NOINLINE void cycles_in_a_pool(void)
{
	struct node *n[6];

	for (int i = 0; i < 6; i++)
		n[i] = node_in_pool(i + 1);
	for (int i = 0; i < 4; i += 2) {
		n[i]->next = n[i + 1];
		n[i + 1]->next = n[i];
		refknot_move(n[i + 1], NULL, n[i]);
		refknot_retain_by(n[i], n[i + 1], "next");
		refknot_release(n[i]);
	}
	table[0] = n[4];
	table[1] = n[5];
}

static NOINLINE void zeroes_in_a_pool(void)
{
	for (int i = 0; i < 8; i++)
		refknot_release(node_in_pool(i + 1));
}

static NOINLINE void an_ended_holder_of_one_object(void)
{
	struct node *holder = node_new("Holder");

	table[0] = node_new("Target");
	for (int i = 0; i < 5; i++)
		refknot_retain_by(table[0], holder, "slot");
	node_unref(holder);
}

/* Sixteen in a block of 4 KiB, and eight behind headers. */
static NOINLINE void a_mark_of_parts(void)
{
	for (int i = 0; i < 8; i++)
		table[i] = node_behind_header("Behind");
	for (int i = 0; i < 16; i++)
		node_in_pool(4 * i + 1);
	table[63] = malloc(100);
	refknot_mark("made");
}

static const struct corner corners[] = {
	CORNER(a_lost_tree_behind_headers),
	CORNER(one_of_many_behind_headers_is_over_retained),
	CORNER(cycles_in_a_pool),
	CORNER(zeroes_in_a_pool),
	CORNER(an_ended_holder_of_one_object),
	CORNER(a_mark_of_parts),
};

MAIN(corners)
