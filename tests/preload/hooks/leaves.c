/* SPDX-License-Identifier: MIT */
/*
 * A handler that leaves by longjmp, wherever it comes: also from inside
 * refknot. What comes later is recorded as if nothing had been.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "hooks.h"

static sigjmp_buf back;
static volatile sig_atomic_t signals;

static void leave(int number)
{
	(void)number;
	signals++;
	siglongjmp(back, 1);
}

static NOINLINE void work(void)
{
	for (size_t i = 0;; i++)
		free(realloc(lose(i % 500), i % 1000 + 1));
}

int main(void)
{
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } }, none = { 0 };

	signal(SIGALRM, leave);
	if (setitimer(ITIMER_REAL, &timer, NULL))
		return 1;
	if (sigsetjmp(back, 1) < 1 || signals < 300)
		work();
	setitimer(ITIMER_REAL, &none, NULL);
	puts("300 signals");
	for (int i = 0; i < 50; i++)
		lose(10000);
	scrub();
	return 0;
}
