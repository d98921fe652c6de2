/* SPDX-License-Identifier: MIT */
/*
 * A cycle that release does not free and refknot_collect() does: A holds B, B
 * holds A, and nothing else holds them. The type's clear function takes a
 * node's reference out of it and gives it back, so that the program's own code
 * frees both. If GC_CYCLE_NO_COLLECT is set, nothing is collected: then a
 * report has the cycle, with the reference that closed it and the release that
 * orphaned it.
 *
 * refknot: nothing
 * output: 1\. Creating nodes\.\.\.
 * output: Created Node\(A\)
 * output: Created Node\(B\)
 * output: 2\. Creating circular reference: A -> B -> A
 * output: 3\. node_a refcount: 2, node_b refcount: 2
 * output: 4\. Deleted external references: refcounts 1 and 1, 2 objects NOT freed
 * output: 5\. Running garbage collection\.\.\.
 * output: Node\(A\) freed
 * output: Node\(B\) freed
 * output: Collected 2 objects, 0 objects left
 */
#include "gc_list.h"
#include "scrub.h"

struct node {
	const char *name;
	int references;
	struct node *next; /* counted */
};

static NOINLINE struct node *node_new(const char *name)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->name = name;
	n->references = 1;
	refknot_object(n, "Node");
	printf("   Created Node(%s)\n", name);
	return n;
}

static NOINLINE void node_set_next(struct node *n, struct node *next)
{
	next->references++;
	refknot_retain_by(next, n, "next");
	n->next = next;
}

static NOINLINE void node_unref(struct node *n, struct node *holder)
{
	refknot_release_by(n, holder, holder ? "next" : NULL);
	if (--n->references)
		return;
	if (n->next)
		node_unref(n->next, n);
	printf("   Node(%s) freed\n", n->name);
	free(n);
}

/* tp_clear: take the reference out of the object first, then give it back. */
static NOINLINE void node_clear(void *p)
{
	struct node *n = p, *next = n->next;

	n->next = NULL;
	if (next)
		node_unref(next, n);
}

static NOINLINE void make_cycle(void)
{
	struct node *node_a, *node_b;

	puts("1. Creating nodes...");
	node_a = node_new("A");
	node_b = node_new("B");
	puts("2. Creating circular reference: A -> B -> A");
	node_set_next(node_a, node_b);
	node_set_next(node_b, node_a);
	printf("3. node_a refcount: %ld, node_b refcount: %ld\n",
	       refknot_getrefcount(node_a), refknot_getrefcount(node_b));
	node_unref(node_a, NULL);
	node_unref(node_b, NULL);
	printf(
	    "4. Deleted external references: refcounts %ld and %ld, %ld objects NOT freed\n",
	    refknot_getrefcount(node_a), refknot_getrefcount(node_b),
	    count_objects());
}

int main(int argc, char **argv)
{
	long collected;

	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	refknot_type("Node", node_clear);
	make_cycle();
	scrub();
	if (getenv("GC_CYCLE_NO_COLLECT"))
		return 0;
	puts("5. Running garbage collection...");
	collected = refknot_collect(2);
	printf("   Collected %ld objects, %ld objects left\n", collected,
	       count_objects());
	return 0;
}
