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

static const struct corner corners[] = {
	CORNER(roots_have_no_pointers),
};

MAIN(corners)
