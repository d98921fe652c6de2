/* SPDX-License-Identifier: MIT */
/*
 * Counting references step by step: each variable that names the object is one
 * reference, and the object is freed with the last. refknot_getrefcount() adds
 * nothing of its own, unlike sys.getrefcount(), which counts its argument.
 *
 * refknot: nothing
 * output: 1\. Created list: refcount = 1
 * output: 2\. Created another_ref: refcount = 2
 * output: 3\. Created third_ref: refcount = 3
 * output: 4\. Deleted my_list: refcount = 2
 * output: 5\. Deleted another_ref: refcount = 1
 * output: 6\. Deleted third_ref: object is freed, 0 objects left
 * output: Iteration 0: created temp_list, refcount = 1
 * output: Iteration 2: created temp_list, refcount = 1
 * output: All temp lists freed as loop iterations ended: 0 objects left
 */
#include "gc_list.h"
#include "scrub.h"

static void show_steps(void)
{
	struct list *my_list = list_new(5), *another_ref, *third_ref;

	printf("1. Created list: refcount = %ld\n",
	       refknot_getrefcount(my_list));
	another_ref = list_ref(my_list);
	printf("2. Created another_ref: refcount = %ld\n",
	       refknot_getrefcount(my_list));
	third_ref = list_ref(my_list);
	printf("3. Created third_ref: refcount = %ld\n",
	       refknot_getrefcount(my_list));
	list_unref(my_list);
	printf("4. Deleted my_list: refcount = %ld\n",
	       refknot_getrefcount(another_ref));
	list_unref(another_ref);
	printf("5. Deleted another_ref: refcount = %ld\n",
	       refknot_getrefcount(third_ref));
	list_unref(third_ref);
	printf("6. Deleted third_ref: object is freed, %ld objects left\n",
	       count_objects());
}

static void show_temporaries(void)
{
	for (int i = 0; i < 3; i++) {
		struct list *temp_list = list_new(1000);

		printf("Iteration %d: created temp_list, refcount = %ld\n", i,
		       refknot_getrefcount(temp_list));
		list_unref(temp_list);
	}
	printf(
	    "All temp lists freed as loop iterations ended: %ld objects left\n",
	    count_objects());
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	puts("Reference Counting Demonstration");
	show_steps();
	puts("Real-World: Temporary Variables in Loops");
	show_temporaries();
	scrub();
	return 0;
}
