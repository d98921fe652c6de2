/* SPDX-License-Identifier: MIT */
/*
 * Loses 100 bytes and dies of a signal that comes in the middle of realloc, or
 * after that was interrupted, as argument 1 says.
 */
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "hooks.h"

#define WORDS 2000000

static void **table;
static void *volatile between; /* in use, though never read */
static volatile sig_atomic_t inside;
static sigjmp_buf outside;

static void die(const char *unless)
{
	raise(SIGTERM);
	puts(unless);
	exit(1);
}

static void die_there(int number)
{
	(void)number;
	if (inside)
		die("the handler goes on");
}

static void leave(int number)
{
	(void)number;
	if (inside)
		siglongjmp(outside, 1);
}

/* Most of the time is spent in there. */
static void move_on_and_on(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 20000 } };

	setitimer(ITIMER_REAL, &often, NULL);
	for (size_t more = 500000;; more = 500000 - more) {
		inside = 1;
		table = realloc(table, (WORDS + more) * sizeof(*table));
		inside = 0;
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	lose(100);
	/* In the heap, where what no block covers is not searched. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 0);
	between = malloc(50); /* the table's header is at its end */
	table = calloc(WORDS, sizeof(*table));
	for (int i = 0; i < 1000; i++)
		table[i] = malloc(24);
	scrub();
	if (!strcmp(argv[1], "there"))
		signal(SIGALRM, die_there);
	if (!strcmp(argv[1], "left"))
		signal(SIGALRM, leave);
	if (sigsetjmp(outside, 1))
		die("the program goes on");
	move_on_and_on();
}
