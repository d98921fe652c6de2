/* SPDX-License-Identifier: MIT */
/*
 * What bench.py measures malloc itself with:
 *   pairs COUNT DEPTH THREADS   COUNT malloc+free in each thread, under DEPTH
 *                               frames, from four places in turn
 *   heap BLOCKS                 BLOCKS live blocks, two pointers in each
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE  __attribute__((noinline, noclone, noipa))
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")

static long count, depth;

#define PLACE(name, size)                                                      \
	static NOINLINE void name(void)                                        \
	{                                                                      \
		void *p = malloc(size);                                        \
		OPAQUE(p);                                                     \
		free(p);                                                       \
	}

PLACE(first, 16)
PLACE(second, 48)
PLACE(third, 130)
PLACE(fourth, 700)

static NOINLINE void all_pairs(void)
{
	static void (*const places[])(void) = { first, second, third, fourth };

	for (long i = 0; i < count; i++)
		places[i & 3]();
}

static NOINLINE long dive(long levels)
{
	long result = 0;

	if (levels)
		result = dive(levels - 1) + 1;
	else
		all_pairs();
	OPAQUE(result);
	return result;
}

static void *pairs(void *unused)
{
	dive(depth);
	return unused;
}

static void run_pairs(long threads)
{
	pthread_t ids[64];

	if (threads == 1) {
		pairs(NULL);
		return;
	}
	for (long i = 0; i < threads && i < 64; i++)
		if (pthread_create(&ids[i], NULL, pairs, NULL))
			abort();
	for (long i = 0; i < threads && i < 64; i++)
		pthread_join(ids[i], NULL);
}

struct block {
	struct block *next, *other;
	long value;
};

static struct block *all;

/* Each points at the one before, and at one that is far away. */
static NOINLINE void make_heap(void)
{
	struct block **index = malloc((size_t)count * sizeof(*index));

	if (!index)
		abort();
	for (long i = 0; i < count; i++) {
		struct block *b = malloc(sizeof(*b));

		if (!b)
			abort();
		b->next = all;
		index[i] = b;
		b->other = index[(unsigned long)i * 2654435761u %
				 (unsigned long)(i + 1)];
		b->value = i;
		all = b;
	}
	free(index);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	count = atol(argv[2]);
	depth = argc > 3 ? atol(argv[3]) : 0;
	if (!strcmp(argv[1], "pairs"))
		run_pairs(argc > 4 ? atol(argv[4]) : 1);
	else
		make_heap();
	return 0;
}
