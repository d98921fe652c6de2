/* SPDX-License-Identifier: MIT */
/* Allocates under 20000 frames, and on a signal stack of the least size. */
#include <signal.h>

#include "hooks.h"

static NOINLINE long dive(long depth)
{
	long result;

	if (!depth)
		return lose(100) != NULL;
	result = dive(depth - 1) + 1;
	OPAQUE(result);
	return result;
}

static void handle(int number)
{
	(void)number;
	lose(200);
}

int main(void)
{
	static char memory[8192];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_ONSTACK };

	printf("%ld\n", dive(20000));
	if (sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &action, NULL))
		return 1;
	raise(SIGUSR1);
	memset(memory, 0, sizeof(memory));
	scrub();
	return 0;
}
