/* SPDX-License-Identifier: MIT */
/*
 * Collections for callgrind to count: garbage OBJECTS LENGTH CLEAR makes that
 * many objects in rings of that length that nobody holds, and collects them, and
 * collects again. What each took is dumped by name.
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

struct node {
	struct node *next;
	int cleared;
};

/* Only lets go: what is counted is refknot's. */
static void clear(void *object)
{
	struct node *n = object;

	if (!n->cleared++)
		refknot_release_by(n->next, n, "next");
}

static void make(struct node *nodes, size_t count, size_t length)
{
	for (size_t i = 0; i < count; i++)
		refknot_object(&nodes[i], "Node");
	for (size_t i = 0; i < count; i++) {
		size_t first = i / length * length, next = i + 1;

		if (next == first + length || next == count)
			next = first;
		nodes[i].next = &nodes[next];
		refknot_retain_by(nodes[i].next, &nodes[i], "next");
		refknot_release(nodes[i].next);
	}
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	size_t length = argc > 2 ? strtoul(argv[2], NULL, 10) : 2;
	struct node *nodes = calloc(count, sizeof(*nodes));
	long found;

	if (!nodes || !length)
		return 2;
	refknot_disable();
	refknot_type("Node", argc > 3 && *argv[3] == '1' ? clear : NULL);
	make(nodes, count, length);
	CALLGRIND_ZERO_STATS;
	found = refknot_collect(2);
	CALLGRIND_DUMP_STATS_AT("collect");
	refknot_collect(2);
	CALLGRIND_DUMP_STATS_AT("again");
	printf("%ld\n", found);
	free(nodes);
	return 0;
}
