/* SPDX-License-Identifier: MIT */
/*
 * 50,000 items in four structures, and how many objects each takes: a linked
 * list, a dictionary and a set (uthash, only keys) one for each item, an array
 * one for all.
 *
 * refknot: nothing
 * output: list: before 0, after 50001 \(\+50001\), deleted: 0
 * output: set: before 0, after 50001 \(\+50001\), deleted: 0
 * output: array: before 0, after 1 \(\+1\), deleted: 0
 * output: dict: before 0, after 50001 \(\+50001\), deleted: 0
 */
#include <string.h>

#include "gc_table.h"
#include "scrub.h"

#define ITEMS 50000

struct item {
	struct item *next;
	int value;
};

static NOINLINE void *make_list(void)
{
	struct item **list = calloc(1, sizeof(*list));

	if (!list)
		abort();
	refknot_object(list, "list");
	for (int i = 0; i < ITEMS; i++) {
		struct item *item = calloc(1, sizeof(*item));

		if (!item)
			abort();
		refknot_object(item, "item");
		refknot_move(item, NULL, list);
		item->value = i;
		item->next = *list;
		*list = item;
	}
	return list;
}

static NOINLINE void free_list(void *p)
{
	struct item **list = p;

	while (*list) {
		struct item *item = *list;

		*list = item->next;
		refknot_release_by(item, list, NULL);
		free(item);
	}
	refknot_release(list);
	free(list);
}

static NOINLINE void *make_set(void)
{
	struct table *t = table_new("set");

	for (int i = 0; i < ITEMS; i++)
		table_add(t, i, 1);
	return t;
}

static NOINLINE void *make_array(void)
{
	return list_new(ITEMS);
}

static NOINLINE void *make_dict(void)
{
	struct table *t = table_new("dict");

	for (int i = 0; i < ITEMS; i++)
		table_add(t, i, 2 * i);
	return t;
}

static void free_table(void *p)
{
	table_free(p);
}

static void free_array(void *p)
{
	list_unref(p);
}

static const struct {
	const char *type;
	void *(*make)(void);
	void (*free)(void *);
} structures[] = {
	{ "list", make_list, free_list },
	{ "set", make_set, free_table },
	{ "array", make_array, free_array },
	{ "dict", make_dict, free_table },
};

static NOINLINE void analyze_memory(const char *structure_type)
{
	for (size_t i = 0; i < sizeof(structures) / sizeof(*structures); i++) {
		long before = count_objects(), after;
		void *p;

		if (strcmp(structures[i].type, structure_type) != 0)
			continue;
		p = structures[i].make();
		after = count_objects();
		structures[i].free(p);
		printf("%s: before %ld, after %ld (+%ld), deleted: %ld\n",
		       structure_type, before, after, after - before,
		       count_objects());
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	refknot_disable();
	for (size_t i = 0; i < sizeof(structures) / sizeof(*structures); i++)
		analyze_memory(structures[i].type);
	scrub();
	return 0;
}
