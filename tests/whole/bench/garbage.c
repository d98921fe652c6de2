/* SPDX-License-Identifier: MIT */
/*
 * Objects in rings that nobody holds: garbage OBJECTS LENGTH CLEAR. One line: how
 * long the collection took that finds them, and the next one, in ms. CLEAR 0:
 * the objects are uncollectable. garbage.py has the same in Python.
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct node {
	struct node *next;
	int references;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Lets go around the ring, one after the other: no recursion. */
static void clear(void *object)
{
	struct node *n = object;

	do {
		struct node *next = n->next;

		n->next = NULL;
		refknot_release_by(next, n, "next");
		if (n != object)
			free(n);
		if (--next->references)
			return;
		n = next;
	} while (n->next);
	free(n);
}

static void make(struct node **nodes, long count, long length)
{
	for (long i = 0; i < count; i++) {
		nodes[i] = malloc(sizeof(**nodes));
		if (!nodes[i])
			abort();
		nodes[i]->references = 1;
		refknot_object(nodes[i], "Node");
	}
	for (long i = 0; i < count; i++) {
		long first = i / length * length;
		long end = first + length < count ? first + length : count;
		struct node *next = nodes[i + 1 < end ? i + 1 : first];

		nodes[i]->next = next;
		refknot_retain_by(next, nodes[i], "next");
	}
	for (long i = 0; i < count; i++)
		refknot_release(nodes[i]);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	long length = argc > 2 ? atol(argv[2]) : 2;
	struct node **nodes = malloc((size_t)count * sizeof(*nodes));
	double start, middle;

	if (!nodes || length < 1)
		return 2;
	refknot_disable();
	refknot_type("Node", argc > 3 && *argv[3] == '1' ? clear : NULL);
	make(nodes, count, length);
	free(nodes);
	start = now();
	if (refknot_collect(2) != (refknot_present() ? count : 0))
		return 1;
	middle = now();
	refknot_collect(2);
	printf("%.2f %.2f\n", middle - start, now() - middle);
	return 0;
}
