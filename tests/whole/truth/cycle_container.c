/* SPDX-License-Identifier: MIT */
/*
 * An object that holds its children through an array block, and each child
 * its parent: the array is a member.
 * expect: cycle 4 members 1 time 120 bytes
 * lsan: refknot is right: LeakSanitizer prints indirect leaks alone
 * valgrind: refknot is right: Valgrind calls one member definitely lost and
 *	never shows the pointer back
 */
#include "truth.h"

struct parent {
	struct node **children;
	long count;
	char name[40];
};

static NOINLINE struct node *make_child(struct parent *p)
{
	struct node *n = MUST(calloc(1, sizeof(*n)));

	n->next = (void *)p;
	return n;
}

static NOINLINE void make_family(void)
{
	struct parent *p = MUST(calloc(1, sizeof(*p)));

	p->children = MUST(calloc(2, sizeof(*p->children)));
	p->children[0] = make_child(p);
	p->children[1] = make_child(p);
}

int main(void)
{
	make_family();
	scrub();
	return 0;
}
