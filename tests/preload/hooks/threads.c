/* SPDX-License-Identifier: MIT */
/* 300 threads in turn and 8 at once, which allocate, free each other's blocks
 * and end; some with the smallest stack that there is. Each loses 10 bytes. */
#include <limits.h>
#include <pthread.h>

#include "hooks.h"

#define AT_ONCE 8
#define ROUNDS  2000

static void *handed[AT_ONCE];

static void *work(void *number)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *p = malloc(1 + (size_t)i % 500);

		p = __atomic_exchange_n(&handed[(i + (long)number) % AT_ONCE],
					p, __ATOMIC_ACQ_REL);
		free(p);
	}
	lose(10);
	return NULL;
}

static void *little(void *unused)
{
	free(malloc(20));
	lose(10);
	return unused;
}

static void run(int count, void *(*function)(void *), size_t stack)
{
	pthread_t threads[AT_ONCE];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	if (stack)
		pthread_attr_setstacksize(&attributes, stack);
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, function,
				   (void *)i))
			abort();
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attributes);
}

int main(void)
{
	for (int i = 0; i < 300; i++)
		run(1, little, i % 2 ? (size_t)PTHREAD_STACK_MIN : 0);
	run(AT_ONCE, work, 0);
	for (int i = 0; i < AT_ONCE; i++)
		free(handed[i]);
	memset(handed, 0, sizeof(handed));
	scrub();
	return 0;
}
