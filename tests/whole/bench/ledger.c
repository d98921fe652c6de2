/* SPDX-License-Identifier: MIT */
/*
 * What refknot.h's calls cost: ledger [OBJECTS].  Alone it tells what they cost
 * where nothing is recorded; recorded, all else too.  Beside each figure stands
 * what it is to be compared with, from the same run: the machine's speed is
 * another one every minute.  The best of several rounds counts.
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))
#define ROUNDS   10
#define CALLS    300000

struct thing {
	int references;
	char rest[44];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static NOINLINE void ref(struct thing *t)
{
	t->references++;
	refknot_retain(t);
}

static NOINLINE void unref(struct thing *t)
{
	refknot_release(t);
	t->references--;
}

static void *volatile sink;

static NOINLINE void allocate(struct thing *unused)
{
	(void)unused;
	sink = malloc(48);
	free(sink);
}

static void pair(struct thing *t)
{
	ref(t);
	unref(t);
}

static void nothing(struct thing *unused)
{
	(void)unused;
	__asm__ volatile("");
}

static char holder;

static void pair_by(struct thing *t)
{
	refknot_retain_by(t, &holder, "field");
	refknot_release_by(t, &holder, "field");
}

static void region(struct thing *unused)
{
	(void)unused;
	refknot_region_begin("pass");
	refknot_region_end("pass");
}

/* Nanoseconds a call, `depth` frames down. */
static NOINLINE double measure(void (*f)(struct thing *), struct thing *t,
			       int depth)
{
	double best = 1e18, start;

	if (depth) {
		best = measure(f, t, depth - 1);
		__asm__ volatile("" ::: "memory"); /* no jump instead */
		return best;
	}
	for (int round = 0; round < ROUNDS; round++) {
		start = now();
		for (int i = 0; i < CALLS; i++)
			f(t);
		if (now() - start < best)
			best = now() - start;
	}
	return best / CALLS;
}

static int look(const struct refknot_info *info, void *data)
{
	*(long *)data += info->count;
	return 0;
}

static void many(long count)
{
	struct thing **list = malloc((size_t)count * sizeof(*list));
	unsigned random = 1;
	double start, best = 1e18;
	long sum = 0;

	refknot_disable();
	for (long i = 0; i < count; i++) {
		list[i] = malloc(sizeof(**list));
		refknot_object(list[i], "Thing");
	}
	for (long i = 0; i < 3 * count; i++) {
		random = random * 1103515245 + 12345;
		refknot_retain_by(list[(random >> 4) % (unsigned)count],
				  list[i / 3], "edge");
	}
	for (int round = 0; round < 5; round++) {
		start = now();
		refknot_get_objects(-1, look, &sum);
		if (now() - start < best)
			best = now() - start;
	}
	printf("get_objects of %ld: %.1f ms\n", count, best / 1e6);
	best = 1e18;
	for (int round = 0; round < 5; round++) {
		start = now();
		refknot_collect(2);
		if (now() - start < best)
			best = now() - start;
	}
	printf("collect of %ld with %ld references: %.1f ms\n", count,
	       3 * count, best / 1e6);
	/* Ten events each, for the report. */
	for (long i = 0; i < count; i++)
		for (int n = 0; n < 3; n++)
			pair(list[i]);
	refknot_root(list);
}

int main(int argc, char **argv)
{
	struct thing *t = calloc(1, sizeof(*t));
	long objects = argc > 1 ? atol(argv[1]) : 1000000;

	refknot_object(t, "Single");
	printf("a function that does nothing: %.2f ns\n",
	       measure(nothing, t, 10));
	printf("malloc and free: %.1f ns\n", measure(allocate, t, 10));
	printf("retain and release: %.2f ns\n", measure(pair, t, 10));
	printf("the same by a holder: %.2f ns\n", measure(pair_by, t, 10));
	printf("region that does nothing: %.2f ns\n", measure(region, t, 10));
	if (refknot_present())
		many(objects);
	return 0;
}
