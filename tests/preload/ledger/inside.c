/* SPDX-License-Identifier: MIT */
/*
 * Holders that are told by an address inside them, in all calls. One corner a
 * run, by name; test_inside.py tells what is expected of each.
 */
#include "node.h"

/* A part of a node that is a holder of its own in most programs. */
static void *inside(struct node *n)
{
	return &n->other;
}

static int count_one(const struct refknot_info *info, void *data)
{
	const void **address = data;

	*address = info->address;
	return 0;
}

/* The last of those that hold `n`, or that it holds. */
static const void *referrer(const void *n)
{
	const void *found = NULL;

	refknot_get_referrers(n, count_one, &found);
	return found;
}

static const void *referent(const void *n)
{
	const void *found = NULL;

	refknot_get_referents(n, count_one, &found);
	return found;
}

static NOINLINE void tie(struct node *one, struct node *two)
{
	one->next = two;
	two->next = one;
	refknot_retain_by(two, inside(one), "next");
	refknot_retain_by(one, inside(two), "next");
	refknot_release(one);
	refknot_release(two);
}

static NOINLINE void a_cycle_is_collected(void)
{
	struct node *one = node_new("Ring"), *two = node_new("Ring");

	tie(one, two);
	CHECK(referrer(one) == two && referent(one) == two);
	CHECK(referrer(inside(one)) == two && referent(inside(one)) == two);
	CHECK(!refknot_is_tracked(inside(one)));
	CHECK(refknot_collect(2) == 2);
}

/* Told by one address, taken back by another. */
static NOINLINE void all_calls(void)
{
	struct node *one = node_new("Holder"), *two = node_new("Holder");
	struct node *x = node_new("Held");

	refknot_retain_by(x, inside(one), "f");
	CHECK(referrer(x) == one);
	refknot_release_by(x, one, "f");
	CHECK(!referrer(x));
	refknot_move(x, NULL, inside(one));
	CHECK(referrer(x) == one);
	refknot_move(x, &one->references, inside(two));
	CHECK(referrer(x) == two);
	refknot_move(x, (char *)two + 1, NULL);
	CHECK(!referrer(x));
	refknot_link(inside(one), x, "f");
	CHECK(referent(one) == x);
	refknot_unlink(one, x, "f");
	CHECK(!referent(one));
	refknot_weak(one, x, "f");
	refknot_unweak(inside(one), x, "f");
	CHECK(!referent(one));
	refknot_release(x);
	free(x);
	refknot_release(one);
	free(one);
	refknot_release(two);
	free(two);
}

/* An object behind a header, told by what is before it, and the last byte. */
static NOINLINE void behind_a_header(void)
{
	char *block = calloc(1, 32 + sizeof(struct node));
	struct node *holder = (struct node *)(block + 32);
	struct node *x = node_new("Held");

	refknot_object(holder, "Holder");
	refknot_retain_by(x, block, NULL);
	CHECK(referrer(x) == holder);
	refknot_release_by(x, block + 32 + sizeof(struct node) - 1, NULL);
	CHECK(!referrer(x));
	refknot_release(x);
	free(x);
	refknot_release(holder);
	free(block);
}

static NOINLINE void in_a_pool(void)
{
	char *pool = calloc(100, 64);
	struct node *x = node_new("Held");

	for (int i = 1; i < 100; i++)
		refknot_object(pool + 64L * i, "Pooled");
	for (int i = 1; i < 100; i++)
		refknot_retain_by(x, pool + 64L * i + 40, "f");
	CHECK(referrer(x) == pool + 64);
	for (int i = 99; i > 0; i--) {
		CHECK(referent(pool + 64L * i) == x);
		refknot_release_by(x, pool + 64L * i + (i & 31), "f");
		CHECK(!referent(pool + 64L * i));
	}
	refknot_release(x);
	free(x);
	for (int i = 1; i < 100; i++) {
		refknot_release(pool + 64L * i);
		refknot_object_end(pool + 64L * i);
	}
	free(pool);
}

/* A large object, and the farthest address in it. */
static NOINLINE void far_from_its_start(void)
{
	char *holder = calloc(1, 3 << 20);
	struct node *x = node_new("Held");

	refknot_object(holder, "Large");
	refknot_retain_by(x, holder + (3 << 20) - 8, NULL);
	CHECK(referrer(x) == holder);
	refknot_release_by(x, holder + (1 << 20), NULL);
	CHECK(!referrer(x));
	refknot_release(x);
	free(x);
	refknot_release(holder);
	free(holder);
}

/* It gives back what it had when it is no object, and no block, any more. */
static NOINLINE void after_the_holder_s_end(void)
{
	struct node *one = node_new("Holder"), *two = node_new("Holder");
	struct node *x = node_new("Held");

	refknot_retain_by(x, inside(one), NULL);
	refknot_retain_by(x, two, NULL);
	refknot_release(one);
	free(one);
	refknot_release_by(x, inside(one), NULL);
	refknot_release(two);
	refknot_object_end(two);
	refknot_release_by(x, inside(two), NULL);
	CHECK(refknot_getrefcount(x) == 1);
	free(two);
	refknot_release(x);
	free(x);
}

/* A block without objects: it is the holder, by any address in it. */
static NOINLINE void blocks_hold(void)
{
	struct node *holder = calloc(1, sizeof(*holder));
	struct node *x = node_new("Held");

	holder->other = x;
	refknot_move(x, NULL, &holder->other);
	refknot_move(x, holder, &holder->references);
	refknot_retain(x);
	refknot_release_by(x, &holder->next, NULL);
	refknot_release(x);
	free(x);
	free(holder);
}

static const struct corner corners[] = {
	CORNER(a_cycle_is_collected), CORNER(all_calls),
	CORNER(behind_a_header),      CORNER(in_a_pool),
	CORNER(far_from_its_start),   CORNER(after_the_holder_s_end),
	CORNER(blocks_hold),
};

MAIN(corners)
