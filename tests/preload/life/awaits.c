/* SPDX-License-Identifier: MIT */
/*
 * A thread begins to wait, by the call that argument 1 names, for a signal that
 * was sent while the first thread is in vfork() and cannot run. Argument 2:
 * "first", which does not block that signal; "all" do; "thread": it is sent by
 * the one that waits, to itself.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hooks.h"

static const char *how, *who;
static sigset_t set;
static atomic_bool there, sent;

static int await(void)
{
	const struct timespec day = { .tv_sec = 86400 };
	siginfo_t info;
	int number = 0;

	if (!strcmp(how, "sigwaitinfo"))
		return sigwaitinfo(&set, &info);
	if (!strcmp(how, "sigtimedwait"))
		return sigtimedwait(&set, NULL, &day);
	return sigwait(&set, &number) ? -1 : number;
}

static void *run(void *unused)
{
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	atomic_store(&there, true);
	while (!atomic_load(&sent))
		usleep(1000);
	if (!strcmp(who, "thread"))
		raise(SIGTERM);
	if (await() == SIGTERM && write(1, "taken\n", 6) == 6)
		exit(0);
	exit(3);
	return unused;
}

/* Does it wait for whichever thread takes it? */
static bool is_pending(int pid)
{
	static char path[64], text[4096];
	const char *line;
	long size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY);
	size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	line = strstr(text, "ShdPnd:");
	return line && strtoul(line + 7, NULL, 16) >> (SIGTERM - 1) & 1;
}

/* The child, while its parent's first thread is not back from vfork(). */
static void send(int parent)
{
	while (!atomic_load(&there))
		usleep(1000);
	if (strcmp(who, "thread"))
		kill(parent, SIGTERM);
	atomic_store(&sent, true);
	while (getppid() == parent && is_pending(parent))
		usleep(1000);
	_exit(0);
}

int main(int argc, char **argv)
{
	int self = getpid();
	pthread_t t;

	how = argv[1];
	who = argv[argc - 1];
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	lose(100);
	scrub();
	if (!strcmp(who, "all"))
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&t, NULL, run, NULL);
	if (!vfork())
		send(self);
	for (;;)
		pause();
}
