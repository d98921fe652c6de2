/* SPDX-License-Identifier: MIT */
/*
 * A thread sends its own process signal argument 2 by the call that argument 1
 * names, while the first thread waits; tells of each that goes on. Argument 3: the
 * thread blocks that signal, and so does the first one with "all"; or the first one
 * takes it with "sigwait".
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"

static const char *how, *blocked;
static int number;
static sigset_t set;

static void tell(const char *what)
{
	if (write(1, what, strlen(what)) < 0)
		_exit(3);
}

static void handler(int unused)
{
	(void)unused;
	tell("handler\n");
}

static long send(void)
{
	union sigval value = { .sival_int = 0 };
	pid_t self = getpid();

	if (!strcmp(how, "kill"))
		return kill(self, number);
	if (!strcmp(how, "zero"))
		return kill(0, number);
	if (!strcmp(how, "group"))
		return kill(-getpgrp(), number);
	if (!strcmp(how, "killpg"))
		return killpg(getpgrp(), number);
	if (!strcmp(how, "sigqueue"))
		return sigqueue(self, number, value);
	if (!strcmp(how, "tgkill"))
		return tgkill(self, self, number);
	if (!strcmp(how, "raw"))
		return syscall(SYS_kill, self, number);
	if (!strcmp(how, "tkill"))
		return syscall(SYS_tkill, self, number);
	return syscall(SYS_tgkill, self, self, number);
}

/* The first thread is where it waits, with its signals as they are there. */
static void wait_for_first(void)
{
	char path[64], state[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", getpid(),
		 getpid());
	for (;;) {
		f = fopen(path, "r");
		if (f && fgets(state, sizeof(state), f) &&
		    (atoi(state) == SYS_pause ||
		     atoi(state) == SYS_rt_sigtimedwait))
			break;
		if (f)
			fclose(f);
		usleep(1000);
	}
	fclose(f);
}

static void *run(void *unused)
{
	if (*blocked)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	wait_for_first();
	tell(send() ? "not sent\n" : "sent\n");
	signal(number, handler);
	tell("handled\n");
	exit(5);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t t;

	how = argv[1];
	number = atoi(argv[2]);
	blocked = argc > 3 ? argv[3] : "";
	setpgid(0, 0);
	sigemptyset(&set);
	sigaddset(&set, number);
	lose(100);
	scrub();
	if (!strcmp(blocked, "all") || !strcmp(blocked, "sigwait"))
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&t, NULL, run, NULL);
	if (!strcmp(blocked, "sigwait"))
		sigwaitinfo(&set, NULL);
	for (;;)
		pause();
}
