/* SPDX-License-Identifier: MIT */
/*
 * Objects that count themselves, and which reference a move means: one corner a
 * run, by name; test_counters.py tells what is expected of each.
 */
#include <stdint.h>

#include "node.h"

/* What is written before free() stays written. */
static void settle(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

struct small {
	uint16_t words;
	uint8_t bytes;
	char rest[45];
};

static NOINLINE void small_counters_have_no_sign(void)
{
	struct small *s = calloc(1, sizeof(*s));

	table[0] = (struct node *)s;
	s->bytes = 200;
	refknot_object_counted(s, "Bytes", &s->bytes);
	CHECK(refknot_getrefcount(s) == 200);
	s->words = 40000;
	refknot_object_counted(s, "Words", &s->words);
	CHECK(refknot_getrefcount(s) == 40000);
	s->words = 1;
}

static NOINLINE void all_bits_are_immortal(void)
{
	struct small *s = calloc(1, sizeof(*s)), *t = calloc(1, sizeof(*t));
	struct node *n = calloc(1, sizeof(*n));

	table[0] = (struct node *)s;
	table[1] = (struct node *)t;
	table[2] = n;
	s->bytes = UINT8_MAX;
	t->words = UINT16_MAX;
	n->references = -7;
	refknot_object_counted(s, "Bytes", &s->bytes);
	refknot_object_counted(t, "Words", &t->words);
	refknot_object_counted(n, "Node", &n->references);
	CHECK(refknot_is_tracked(s) && refknot_is_tracked(t));
	CHECK(refknot_is_tracked(n) && refknot_getrefcount(n) == -7);
	CHECK(!refknot_is_tracked(&n->references) && !refknot_is_tracked(NULL));
	free(n);
	CHECK(!refknot_is_tracked(n));
	table[2] = NULL;
}

/* Nobody has a reference until somebody takes one. */
static NOINLINE struct node *node_uncounted(void)
{
	struct node *n = calloc(1, sizeof(*n));

	refknot_object_counted(n, "Intrusive", &n->references);
	return n;
}

static NOINLINE void a_counter_may_begin_at_zero(void)
{
	table[0] = node_ref(node_uncounted(), NULL, NULL);
	table[1] = node_ref(node_uncounted(), NULL, NULL);
	CHECK(refknot_getrefcount(table[0]) == 1);
	node_unref(table[1]);
	table[1] = node_uncounted(); /* not taken yet */
}

static NOINLINE void memory_is_poisoned_before_it_is_freed(void)
{
	struct node *n = calloc(1, sizeof(*n));

	n->references = 1;
	refknot_object_counted(n, "Poisoned", &n->references);
	refknot_release(n);
	memset(n, 0x11, sizeof(*n));
	settle(n);
	free(n);
}

static NOINLINE void freed_while_its_counter_says_two(void)
{
	struct node *n = node_uncounted();

	n->references = 2;
	settle(n);
	free(n);
}

static NOINLINE void take(struct node *n)
{
	refknot_retain(n);
}

static NOINLINE void what_is_made_is_handed_over(void)
{
	struct node *n = node_new("Message");

	take(n);
	table[0] = node_new("Cache");
	table[0]->next = n;
	refknot_move(n, NULL, table[0]);
}

static const struct corner corners[] = {
	CORNER(small_counters_have_no_sign),
	CORNER(all_bits_are_immortal),
	CORNER(a_counter_may_begin_at_zero),
	CORNER(memory_is_poisoned_before_it_is_freed),
	CORNER(freed_while_its_counter_says_two),
	CORNER(what_is_made_is_handed_over),
};

MAIN(corners)
