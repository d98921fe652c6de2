/* SPDX-License-Identifier: MIT */
/* What programs print of their own speed: CPU time, the best of several rounds,
 * since what disturbs the machine only ever adds. */
#ifndef BEST_H
#define BEST_H

#include <stdio.h>
#include <time.h>

static double best_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Print "name NS": nanoseconds a unit, of which `f` does `units`. */
static void best_print(const char *name, int rounds, double units,
		       void (*f)(void))
{
	double best = 1e18;

	for (int i = 0; i < rounds; i++) {
		double start = best_now();

		f();
		start = best_now() - start;
		if (start < best)
			best = start;
	}
	printf("%s %.2f\n", name, best / units);
}

#endif
