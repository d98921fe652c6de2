/* SPDX-License-Identifier: MIT */
/*
 * A table that a thread enlarges over and over while the program ends.
 */
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include "hooks.h"

#define WORDS 2000000

static void **table;
static volatile int moves;

static void *work(void *unused)
{
	table = calloc(WORDS, sizeof(*table));
	for (int i = 0; i < 1000; i++)
		table[i] = malloc(100);
	for (size_t more = 0;; more = 500000 - more) {
		table = realloc(table, (WORDS + more) * sizeof(*table));
		moves++;
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 0);
	if (pthread_create(&thread, NULL, work, NULL))
		abort();
	while (moves < 20)
		usleep(100);
	scrub();
	_exit(0);
}
