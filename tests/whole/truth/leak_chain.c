/* SPDX-License-Identifier: MIT */
/*
 * A lost head that alone keeps a chain of three more.
 * expect: leak 1 object 40 bytes in make_head
 * expect: held 3 objects 72 bytes
 */
#include "truth.h"

struct head {
	struct node *first;
	char name[32];
};

static NOINLINE struct node *make_node(struct node *next)
{
	struct node *n = MUST(calloc(1, sizeof(*n)));

	n->next = next;
	return n;
}

static NOINLINE void make_head(void)
{
	struct head *h = MUST(calloc(1, sizeof(*h)));

	h->first = make_node(make_node(make_node(NULL)));
}

int main(void)
{
	make_head();
	scrub();
	return 0;
}
