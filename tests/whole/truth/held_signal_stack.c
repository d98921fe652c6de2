/* SPDX-License-Identifier: MIT */
/*
 * A signal stack that only the kernel knows.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not ask the kernel and reports a
 *	leak that is none
 * valgrind: refknot is right: Valgrind does not ask the kernel and reports a
 *	leak that is none
 */
#include <signal.h>

#include "truth.h"

static NOINLINE void make(void)
{
	stack_t stack = { .ss_sp = MUST(malloc(65536)), .ss_size = 65536 };

	if (sigaltstack(&stack, NULL))
		abort();
}

int main(void)
{
	make();
	scrub();
	return 0;
}
