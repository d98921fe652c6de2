/* SPDX-License-Identifier: MIT */
/* Loses 100 bytes and ends in the way that argument 1 names, with status 3. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"

static void say(void)
{
	puts("at exit");
}

static NOINLINE void end(const char *how)
{
	if (!strcmp(how, "exit"))
		exit(3);
	if (!strcmp(how, "_exit"))
		_exit(3);
	if (!strcmp(how, "_Exit"))
		_Exit(3);
	if (!strcmp(how, "quick_exit"))
		quick_exit(3);
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(how, "syscall"))
		syscall(SYS_exit_group, 3);
	if (!strcmp(how, "assembly"))
		__asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(3));
}

int main(int argc, char **argv)
{
	(void)argc;
	atexit(say);
	at_quick_exit(say);
	lose(100);
	scrub();
	fflush(stdout);
	end(argv[1]);
	return 3;
}
