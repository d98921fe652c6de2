/* SPDX-License-Identifier: MIT */
/*
 * Generations, thresholds and statistics. Checks look at young objects often
 * and at survivors seldom; older objects count as roots for younger ones.
 *
 * refknot: nothing
 * output: GC enabled: 1
 * output: GC Thresholds \(generation 0, 1, 2\): \(700, 10, 10\)
 * output: After 650 objects: count \(650, 0, 0\)
 * output: After 100 more: count \(49, 1, 0\), an automatic check was made
 * output: In each generation: 50, 700, 0
 * output: Collected 0 objects
 * output: After collection: count \(0, 0, 0\)
 * output: In each generation: 0, 0, 750
 * output: Stats of generation 0: 1 collections
 * output: Stats of generation 2: 1 collections
 * output: New thresholds: \(1000, 15, 15\)
 */
#include "gc_list.h"
#include "scrub.h"

#define MOST 750
static struct list *kept[MOST];

static void show_count(const char *when, const char *what)
{
	long count[3];

	refknot_get_count(count);
	printf("%s: count (%ld, %ld, %ld)%s\n", when, count[0], count[1],
	       count[2], what);
}

static void show_generations(void)
{
	printf("In each generation: %zu, %zu, %zu\n",
	       refknot_get_objects(0, NULL, NULL),
	       refknot_get_objects(1, NULL, NULL),
	       refknot_get_objects(2, NULL, NULL));
}

static void show_stats(void)
{
	struct refknot_stats stats[3];

	refknot_get_stats(stats);
	for (int i = 0; i < 3; i++)
		printf("Stats of generation %d: %lu collections\n", i,
		       (unsigned long)stats[i].collections);
}

static void make(int from, int to)
{
	for (int i = from; i < to; i++)
		kept[i] = list_new(1);
}

static NOINLINE void demonstrate(void)
{
	long threshold[3];

	printf("GC enabled: %d\n", refknot_isenabled());
	refknot_get_threshold(threshold);
	printf("GC Thresholds (generation 0, 1, 2): (%ld, %ld, %ld)\n",
	       threshold[0], threshold[1], threshold[2]);
	make(0, 650);
	show_count("After 650 objects", "");
	make(650, MOST);
	show_count("After 100 more", ", an automatic check was made");
	show_generations();
	printf("Collected %ld objects\n", refknot_collect(2));
	show_count("After collection", "");
	show_generations();
	show_stats();
	refknot_set_threshold(1000, 15, 15);
	refknot_get_threshold(threshold);
	printf("New thresholds: (%ld, %ld, %ld)\n", threshold[0], threshold[1],
	       threshold[2]);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	demonstrate();
	for (int i = 0; i < MOST; i++)
		list_unref(kept[i]);
	scrub();
	return 0;
}
