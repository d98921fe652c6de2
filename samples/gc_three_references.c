/* SPDX-License-Identifier: MIT */
/*
 * A list with three references that are dropped one by one: the object is
 * freed when its count becomes zero, and not before.
 *
 * refknot: nothing
 * output: reference 1 created: refcount = 1
 * output: reference 2 created: refcount = 2
 * output: reference 3 created: refcount = 3
 * output: reference 1 deleted: refcount = 2
 * output: reference 2 deleted: refcount = 1
 * output: reference 3 deleted: the object is freed
 */
#include "gc_list.h"
#include "scrub.h"

#define REFERENCES 3

static NOINLINE void create(struct list **references)
{
	for (int i = 0; i < REFERENCES; i++) {
		references[i] = i ? list_ref(references[0]) : list_new(3);
		printf("reference %d created: refcount = %ld\n", i + 1,
		       refknot_getrefcount(references[i]));
	}
}

static NOINLINE void drop(struct list **references)
{
	for (int i = 0; i < REFERENCES; i++) {
		int last = i + 1 == REFERENCES;

		if (last) /* what a unit test would say */
			refknot_assert_last_release(references[i]);
		list_unref(references[i]);
		printf("reference %d deleted: ", i + 1);
		if (last && !count_objects())
			puts("the object is freed");
		else
			printf("refcount = %ld\n",
			       refknot_getrefcount(references[i]));
	}
}

int main(int argc, char **argv)
{
	struct list *references[REFERENCES];

	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	create(references);
	drop(references);
	scrub();
	return 0;
}
