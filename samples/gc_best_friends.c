/* SPDX-License-Identifier: MIT */
/*
 * Two best friends: each keeps the other alive after the program let go of
 * both. A collection frees them. If one of the two pointers were weak
 * (refknot_weak), the last release would free them.
 *
 * refknot: nothing
 * output: Ada and Grace are best friends: refcounts 2 and 2
 * output: both deleted: refcounts 1 and 1, neither is freed
 * output: collected: 2
 * output: Ada is freed
 * output: Grace is freed
 * output: 0 objects left
 */
#include <string.h>

#include "gc_list.h"
#include "scrub.h"

struct person {
	int references;
	struct person *best_friend; /* counted */
	char name[16];
};

static int freed;
static char names[2][16];

static NOINLINE struct person *person_new(const char *name)
{
	struct person *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->references = 1;
	strncpy(p->name, name, sizeof(p->name) - 1);
	refknot_object(p, "Person");
	return p;
}

static NOINLINE void person_unref(struct person *p, struct person *holder)
{
	refknot_release_by(p, holder, holder ? "best_friend" : NULL);
	if (--p->references)
		return;
	if (p->best_friend)
		person_unref(p->best_friend, p);
	memcpy(names[freed++ % 2], p->name, sizeof(p->name));
	free(p);
}

static NOINLINE void befriend(struct person *p, struct person *other)
{
	other->references++;
	refknot_retain_by(other, p, "best_friend");
	p->best_friend = other;
}

static NOINLINE void person_clear(void *object)
{
	struct person *p = object, *other = p->best_friend;

	p->best_friend = NULL;
	if (other)
		person_unref(other, p);
}

static NOINLINE void meet(void)
{
	struct person *ada = person_new("Ada"), *grace = person_new("Grace");

	befriend(ada, grace);
	befriend(grace, ada);
	printf("%s and %s are best friends: refcounts %ld and %ld\n", ada->name,
	       grace->name, refknot_getrefcount(ada),
	       refknot_getrefcount(grace));
	person_unref(ada, NULL);
	person_unref(grace, NULL);
	printf("both deleted: refcounts %ld and %ld, %s is freed\n",
	       refknot_getrefcount(ada), refknot_getrefcount(grace),
	       freed ? "one" : "neither");
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!is_recorded(argv[0]))
		return 0;
	refknot_type("Person", person_clear);
	meet();
	printf("collected: %ld\n", refknot_collect(2));
	for (int i = 0; i < freed && i < 2; i++)
		printf("%s is freed\n", names[i]);
	printf("%ld objects left\n", count_objects());
	scrub();
	return 0;
}
