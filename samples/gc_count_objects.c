/* SPDX-License-Identifier: MIT */
/*
 * Counting objects before and after building an array, strings and sets. An
 * array of 50,000 integers is one object, in C as in Python; 50,000 strings
 * are 50,000 and the array that holds them. Reference counting frees all of
 * them at once: there is nothing left to collect.
 *
 * refknot: nothing
 * output: Baseline: 0 objects
 * output: 1\. Creating 50,000 integers\.\.\. 1 objects \(\+1\)
 * output: 2\. Creating 50,000 strings\.\.\. 50002 objects \(\+50001\)
 * output: 3\. Creating 10,000 sets\.\.\. 60003 objects \(\+10001\)
 * output: 4\. Deleting all structures\.\.\. 0 objects \(-60003\)
 * output: 5\. Running garbage collection\.\.\. collected 0 objects
 */
#include "gc_list.h"
#include "scrub.h"

/* Objects of `size` bytes each, in an array that is an object itself. */
struct group {
	int count;
	void *members[];
};

static NOINLINE struct group *group_new(int count, size_t size,
					const char *type)
{
	struct group *g =
	    malloc(sizeof(*g) + (size_t)count * sizeof(g->members[0]));

	if (!g)
		abort();
	refknot_object(g, "array");
	g->count = count;
	for (int i = 0; i < count; i++) {
		g->members[i] = calloc(1, size);
		if (!g->members[i])
			abort();
		refknot_object(g->members[i], type);
		refknot_move(g->members[i], NULL, g);
	}
	return g;
}

static NOINLINE void group_free(struct group *g)
{
	for (int i = 0; i < g->count; i++) {
		refknot_release_by(g->members[i], g, NULL);
		free(g->members[i]);
	}
	refknot_release(g);
	free(g);
}

static long report(const char *what, long before)
{
	long now = count_objects();

	printf("%s... %ld objects (%+ld)\n", what, now, now - before);
	return now;
}

static NOINLINE void profile(void)
{
	struct list *integers;
	struct group *strings, *sets;
	long n = count_objects();

	printf("Baseline: %ld objects\n", n);
	integers = list_new(50000);
	n = report("1. Creating 50,000 integers", n);
	strings = group_new(50000, 6, "string");
	n = report("2. Creating 50,000 strings", n);
	sets = group_new(10000, 3 * sizeof(int), "set");
	n = report("3. Creating 10,000 sets", n);
	list_unref(integers);
	group_free(strings);
	group_free(sets);
	report("4. Deleting all structures", n);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	refknot_disable(); /* no automatic checks while we count */
	profile();
	printf("5. Running garbage collection... collected %ld objects\n",
	       refknot_collect(2));
	refknot_enable();
	scrub();
	return 0;
}
