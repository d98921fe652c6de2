/* SPDX-License-Identifier: MIT */
/*
 * A dictionary of 10,000 entries (uthash): how many objects it takes, and that
 * none is left when it is freed. The hash table's own memory is blocks, not
 * objects of the program: `refknot objects` shows those.
 *
 * refknot: nothing
 * output: Baseline: 0 objects
 * output: With the dictionary: 10001 objects \(10001 created\)
 * output: After deleting it: 0 objects \(10001 freed\)
 * output: Left for the collector: 0
 */
#include "gc_table.h"
#include "scrub.h"

static NOINLINE void profile(void)
{
	long baseline = count_objects(), with, after;
	struct table *t = table_new("dict");

	printf("Baseline: %ld objects\n", baseline);
	for (int i = 0; i < 10000; i++)
		table_add(t, i, i * i);
	with = count_objects();
	printf("With the dictionary: %ld objects (%ld created)\n", with,
	       with - baseline);
	table_free(t);
	after = count_objects();
	printf("After deleting it: %ld objects (%ld freed)\n", after,
	       with - after);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	refknot_disable();
	profile();
	printf("Left for the collector: %ld\n", refknot_collect(2));
	scrub();
	return 0;
}
