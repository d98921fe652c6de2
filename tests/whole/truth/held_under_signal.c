/* SPDX-License-Identifier: MIT */
/*
 * The handler of a signal ends the program, on a stack of its own, while what it
 * interrupted holds the block.
 * expect: nothing
 */
#include <signal.h>

#include "truth.h"

static NOINLINE void work(void)
{
	char *volatile mine = MUST(malloc(100));

	mine[0] = 1;
	raise(SIGUSR1);
	mine[0] = 2;
}

static void leave(int number)
{
	(void)number;
	exit(0);
}

int main(void)
{
	char room[65536];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
	struct sigaction action = { .sa_handler = leave,
				    .sa_flags = SA_ONSTACK };

	if (sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &action, NULL))
		abort();
	work();
	return room[5];
}
