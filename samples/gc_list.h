/* SPDX-License-Identifier: MIT */
/*
 * What the gc_ samples share: a list of numbers that counts its references, as
 * objects of many C programs do, and declares them to refknot. Each call is in
 * a function that a program has anyway.
 */
#ifndef GC_LIST_H
#define GC_LIST_H

#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>

struct list {
	int references;
	int count;
	int items[];
};

__attribute__((unused)) static struct list *list_new(int count)
{
	struct list *l =
	    malloc(sizeof(*l) + (size_t)count * sizeof(l->items[0]));

	if (!l)
		abort();
	l->references = 1;
	l->count = count;
	for (int i = 0; i < count; i++)
		l->items[i] = i;
	refknot_object(l, "list");
	return l;
}

__attribute__((unused)) static struct list *list_ref(struct list *l)
{
	l->references++;
	refknot_retain(l);
	return l;
}

/* Declare the release first: after it the object may be gone. */
__attribute__((unused)) static void list_unref(struct list *l)
{
	refknot_release(l);
	if (--l->references == 0)
		free(l);
}

/* The recorder has the counts: without it there is nothing to show. */
static int is_recorded(const char *program)
{
	if (!refknot_present())
		printf("nothing is recorded: refknot run %s\n", program);
	return refknot_present();
}

/* How many objects exist now: len(gc.get_objects()). */
__attribute__((unused)) static long count_objects(void)
{
	return (long)refknot_get_objects(-1, NULL, NULL);
}

#endif
