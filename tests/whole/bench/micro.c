/* SPDX-License-Identifier: MIT */
/*
 * What bench.py measures malloc itself with:
 *   pairs COUNT DEPTH THREADS   COUNT malloc+free in each thread, under DEPTH
 *                               frames, from four places in turn
 *   window COUNT DEPTH THREADS  the same, but each block is freed when 1,023
 *                               others have been allocated after it
 *   cross COUNT 0 THREADS       COUNT blocks by each thread, half of them freed
 *                               by the next one
 *   churn COUNT                 COUNT threads, one after another
 *   heap BLOCKS                 BLOCKS live blocks, two pointers in each
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE  __attribute__((noinline, noclone, noipa))
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")

static long count, depth;
static void (*at_the_bottom)(void);

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

#define WINDOW 1024

static NOINLINE void all_in_a_window(void)
{
	static const size_t sizes[] = { 16, 48, 130, 700, 24 };
	void *window[WINDOW] = { 0 };

	for (long i = 0; i < count; i++) {
		void **place = &window[i % WINDOW];

		free(*place);
		*place = malloc(sizes[i * 7 % 5]);
		OPAQUE(*place);
	}
	for (int i = 0; i < WINDOW; i++)
		free(window[i]);
}

static NOINLINE long dive(long levels)
{
	long result = 0;

	if (levels)
		result = dive(levels - 1) + 1;
	else
		at_the_bottom();
	OPAQUE(result);
	return result;
}

static void *pairs(void *unused)
{
	dive(depth);
	return unused;
}

#define THREADS 64

static void in_threads(void *(*work)(void *), long threads)
{
	pthread_t ids[THREADS];

	if (threads < 2) {
		work(NULL);
		return;
	}
	for (long i = 0; i < threads && i < THREADS; i++)
		if (pthread_create(&ids[i], NULL, work, (void *)i))
			abort();
	for (long i = 0; i < threads && i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

/* What each thread leaves for the next one to free. */
#define SHELF 256
static _Atomic(void *) shelves[THREADS][SHELF];
static long sharers;

static void *cross(void *number)
{
	long me = (long)number, next = (me + 1) % sharers;

	for (long i = 0; i < count; i++) {
		void *p = malloc((size_t)(i * 37 % 300 + 1));

		OPAQUE(p);
		if (i & 1)
			p = atomic_exchange(&shelves[next][i % SHELF], p);
		free(p);
		free(atomic_exchange(&shelves[me][i * 5 % SHELF], NULL));
	}
	return NULL;
}

static void run_cross(long threads)
{
	sharers = threads < 2 ? 1 : threads < THREADS ? threads : THREADS;
	in_threads(cross, sharers);
	for (long t = 0; t < THREADS; t++)
		for (int i = 0; i < SHELF; i++)
			free(shelves[t][i]);
}

static void *short_life(void *unused)
{
	for (int i = 0; i < 20; i++) {
		void *p = malloc((size_t)i * 10);

		OPAQUE(p);
		free(p);
	}
	return unused;
}

static void run_churn(void)
{
	for (long i = 0; i < count; i++) {
		pthread_t id;

		if (pthread_create(&id, NULL, short_life, NULL))
			abort();
		pthread_join(id, NULL);
	}
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
	long threads;

	if (argc < 3)
		return 2;
	count = atol(argv[2]);
	depth = argc > 3 ? atol(argv[3]) : 0;
	threads = argc > 4 ? atol(argv[4]) : 1;
	at_the_bottom = strcmp(argv[1], "window") ? all_pairs : all_in_a_window;
	if (!strcmp(argv[1], "pairs") || !strcmp(argv[1], "window"))
		in_threads(pairs, threads);
	else if (!strcmp(argv[1], "cross"))
		run_cross(threads);
	else if (!strcmp(argv[1], "churn"))
		run_churn();
	else
		make_heap();
	return 0;
}
