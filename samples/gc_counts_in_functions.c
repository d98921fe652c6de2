/* SPDX-License-Identifier: MIT */
/*
 * Counts through a function call and a loop. In Python the parameter is one
 * more reference. In C a borrowed pointer is not, and a function that keeps
 * the object beyond its call takes a reference itself: here are both.
 *
 * refknot: nothing
 * output: 1\. Before function call: refcount = 1
 * output: Inside function that borrows: refcount = 1, sum = 10
 * output: Inside function that takes one: refcount = 2, sum = 10
 * output: 2\. After function call: refcount = 1
 * output: 3\. After del my_data: 0 objects left
 * output: Iteration 4: processed 49995000 \(0 objects left\)
 * output: No memory accumulation despite creating 5 large lists
 */
#include "gc_list.h"
#include "scrub.h"

static long sum(const struct list *data)
{
	long total = 0;

	for (int i = 0; i < data->count; i++)
		total += data->items[i];
	return total;
}

static NOINLINE void borrow(struct list *data)
{
	printf("   Inside function that borrows: refcount = %ld, sum = %ld\n",
	       refknot_getrefcount(data), sum(data));
}

static NOINLINE void keep(struct list *data)
{
	struct list *own = list_ref(data);

	printf("   Inside function that takes one: refcount = %ld, sum = %ld\n",
	       refknot_getrefcount(own), sum(own));
	list_unref(own);
}

static NOINLINE void call_functions(void)
{
	struct list *my_data = list_new(5);

	printf("1. Before function call: refcount = %ld\n",
	       refknot_getrefcount(my_data));
	borrow(my_data);
	keep(my_data);
	printf("2. After function call: refcount = %ld\n",
	       refknot_getrefcount(my_data));
	list_unref(my_data);
	printf("3. After del my_data: %ld objects left\n", count_objects());
}

static NOINLINE void loop(void)
{
	for (int i = 0; i < 5; i++) {
		struct list *temp_data = list_new(10000);
		long processed = sum(temp_data);

		list_unref(temp_data);
		printf("Iteration %d: processed %ld (%ld objects left)\n", i,
		       processed, count_objects());
	}
	puts("No memory accumulation despite creating 5 large lists");
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	call_functions();
	loop();
	scrub();
	return 0;
}
