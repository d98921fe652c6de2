/* SPDX-License-Identifier: MIT */
/*
 * A handler that allocates while main does, wherever it comes: with an
 * allocator that bears that (bump.c), what is left to break is refknot.
 */
#include <signal.h>
#include <sys/time.h>

#include "hooks.h"

static volatile sig_atomic_t signals;

static void handle(int number)
{
	int error = errno;

	(void)number;
	free(lose(30));
	free(calloc(1, 40));
	signals++;
	errno = error;
}

static void every(suseconds_t microseconds)
{
	struct itimerval timer = { { 0, microseconds }, { 0, microseconds } };

	if (setitimer(ITIMER_REAL, &timer, NULL))
		abort();
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART };

	if (sigaction(SIGALRM, &action, NULL))
		return 1;
	every(1000);
	for (size_t i = 0; signals < 300; i++)
		free(realloc(lose(i % 500), i % 1000 + 1));
	every(0);
	puts("300 signals");
	lose(100);
	scrub();
	return 0;
}
