/* SPDX-License-Identifier: MIT */
/*
 * Pointers in memory that the program itself moved the break for: amid what
 * malloc has there, and behind it; also between numbers that look like chunks.
 * A pointer in a chunk that is free holds nothing.
 * expect: leak 1 object 300 bytes in make_leak
 * lsan: refknot is right: LeakSanitizer does not search the memory below the
 * break, which malloc has for itself as a rule.
 */
#include <stdint.h>
#include <unistd.h>

#include "truth.h"

#define OWN   6000 /* no multiple of a page */
#define MIDST 300

static NOINLINE void **own(void)
{
	void *p = sbrk(OWN);

	if (p == (void *)-1)
		abort();
	return (void **)(((uintptr_t)p + 15) & ~(uintptr_t)15);
}

static NOINLINE void make_held(void **into)
{
	void **first = MUST(calloc(1, sizeof(*first)));

	*first = MUST(malloc(10));
	into[MIDST] = first;
}

/* One is as long as a chunk that says so, and so is the one before it. */
struct record {
	size_t used, size;
	void *data;
	struct record *next;
};

static NOINLINE void make_records(void)
{
	struct record *r = (struct record *)own();
	const unsigned n = OWN / sizeof(*r) - 1;

	for (unsigned i = 0; i < n; i++)
		r[i] = (struct record){ sizeof(*r), sizeof(*r), NULL, r };
	for (unsigned i = 0; i < n; i++)
		r[i].data = MUST(malloc(20));
}

static NOINLINE void make_leak(void)
{
	static void **holder[100];

	/* Many, so that some go back to the arena itself. */
	for (int i = 0; i < 100; i++)
		holder[i] = MUST(calloc(10, 300));
	holder[50][20] = MUST(malloc(300));
	for (int i = 0; i < 100; i++) {
		free(holder[i]);
		holder[i] = NULL;
	}
}

/* More than is left in front of what the program asked for. */
static NOINLINE void fill(void)
{
	static void *all[400];

	for (int i = 0; i < 400; i++)
		all[i] = MUST(malloc(1000));
	for (int i = 0; i < 400; i += 2) {
		free(all[i]);
		all[i] = NULL;
	}
}

int main(void)
{
	void **volatile amid;

	make_records(); /* before there is any block */
	amid = own();
	make_held(amid);
	make_records();
	fill();
	make_leak();
	make_held(own());
	amid = NULL;
	scrub();
	return 0;
}
