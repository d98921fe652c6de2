/* SPDX-License-Identifier: MIT */
/*
 * Ignores a signal, has it blocked and sent, and executes itself: Linux keeps it
 * pending. Says whether it is still there, and what is done for it.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct timespec now = { 0, 0 };
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (argc > 1) {
		sigaction(SIGUSR1, NULL, &action);
		printf("%s, %s\n",
		       sigtimedwait(&set, NULL, &now) == SIGUSR1 ? "pending"
								 : "lost",
		       action.sa_handler == SIG_IGN ? "ignored"
						    : "not ignored");
		return 0;
	}
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	execl("/proc/self/exe", argv[0], "again", (char *)NULL);
	return 1;
}
