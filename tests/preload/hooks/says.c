/* SPDX-License-Identifier: MIT */
/* A library of the user's own to preload: it says that it is in a test. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void say(void)
{
	if (!strncmp(program_invocation_short_name, "hook_", 5) &&
	    write(1, "preloaded\n", 10) != 10)
		_exit(9);
}
