/* SPDX-License-Identifier: MIT */
/*
 * A fixed sequence of calls, phase by phase, for callgrind to count: `sequence`
 * prints each phase's name and number of calls. Every phase runs twice, and
 * only the second time counts: what happens once is not what is guarded.
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#define NOINLINE  __attribute__((noinline, noipa))
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")
#define CALLS     2000

static void *window[64];

NOINLINE static void pair(void)
{
	void *p = malloc(48);

	OPAQUE(p);
	free(p);
}

NOINLINE static void other_pair(void)
{
	void *p = malloc(100);

	OPAQUE(p);
	free(p);
}

NOINLINE static void by_way_of_one(void)
{
	pair();
	OPAQUE(window[0]);
}

NOINLINE static void by_way_of_two(void)
{
	by_way_of_one();
	OPAQUE(window[0]);
}

static void same_stack(void)
{
	for (int i = 0; i < CALLS; i++)
		pair();
}

static void other_leaf(void)
{
	static void (*const leaves[])(void) = { pair, other_pair };

	for (int i = 0; i < CALLS; i++)
		leaves[i & 1]();
}

static void other_branch(void)
{
	static void (*const branches[])(void) = { pair, by_way_of_one,
						  by_way_of_two };

	for (int i = 0; i < CALLS; i++)
		branches[i % 3]();
}

/* Deeper or less deep each time: never twice the same stack pointer in a row,
 * and more stacks than are noted. */
NOINLINE static void dive(int depth)
{
	if (depth)
		dive(depth - 1);
	else
		pair();
	OPAQUE(window[0]);
}

static void new_stacks(void)
{
	for (int i = 0; i < CALLS; i++)
		dive(i * 37 % 193);
}

NOINLINE static void under(int depth, void (*f)(void))
{
	if (depth)
		under(depth - 1, f);
	else
		f();
	OPAQUE(window[0]);
}

static void depth_10(void)
{
	under(10, same_stack);
}

static void depth_30(void)
{
	under(30, same_stack);
}

/* Frees of blocks that are not the last. */
static void old_blocks(void)
{
	for (int i = 0; i < CALLS; i++) {
		free(window[i % 64]);
		window[i % 64] = malloc(64);
	}
}

static void reallocs(void)
{
	void *p = malloc(10);

	for (int i = 0; i < CALLS; i++) {
		void *q = realloc(p, (size_t)(i % 8) * 100 + 10);

		if (!q)
			abort();
		p = q;
		OPAQUE(p);
	}
	free(p);
}

static void callocs(void)
{
	for (int i = 0; i < CALLS; i++) {
		void *p = calloc(3, 20);

		OPAQUE(p);
		free(p);
	}
}

static void *object;

static void pairs(void)
{
	for (int i = 0; i < CALLS; i++) {
		refknot_retain(object);
		refknot_release(object);
	}
}

static void pairs_by(void)
{
	for (int i = 0; i < CALLS; i++) {
		refknot_retain_by(object, window, "field");
		refknot_release_by(object, window, "field");
	}
}

/* One that is made, given back and freed. */
static void objects(void)
{
	for (int i = 0; i < CALLS; i++) {
		int *p = malloc(48);

		*p = 1;
		refknot_object(p, "Made");
		refknot_release(p);
		free(p);
	}
}

static void counted_objects(void)
{
	for (int i = 0; i < CALLS; i++) {
		int *p = malloc(48);

		*p = 1;
		refknot_object_counted(p, "Counted", p);
		refknot_release(p);
		*p = 0;
		free(p);
	}
}

static void members(void)
{
	for (int i = 0; i < CALLS; i++) {
		void *p = malloc(48);

		refknot_object(p, "Member");
		refknot_move(p, NULL, object);
		refknot_release_by(p, object, NULL);
		free(p);
	}
}

static void pairs_deep(void)
{
	under(25, pairs);
}

static void regions(void)
{
	for (int i = 0; i < CALLS; i++) {
		refknot_region_begin("pass");
		refknot_region_end("pass");
	}
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} phases[] = {
		{ "same stack", same_stack },
		{ "other leaf", other_leaf },
		{ "other branch", other_branch },
		{ "depth 10", depth_10 },
		{ "depth 30", depth_30 },
		{ "old blocks", old_blocks },
		{ "realloc", reallocs },
		{ "calloc", callocs },
		{ "retain and release", pairs },
		{ "retain and release 25 deeper", pairs_deep },
		{ "by a holder", pairs_by },
		{ "object", objects },
		{ "counted object", counted_objects },
		{ "object in another", members },
		{ "region", regions },
		/* Last: of what it leaves noted others would branch off. */
		{ "new stacks", new_stacks },
	};

	object = malloc(64);
	refknot_object(object, "Object");
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		/* From one place, so that both times have the same stacks. */
		for (int time = 0; time < 2; time++) {
			CALLGRIND_ZERO_STATS;
			phases[i].run();
		}
		CALLGRIND_DUMP_STATS_AT(phases[i].name);
		printf("%s\t%d\n", phases[i].name, CALLS);
	}
	return 0;
}
