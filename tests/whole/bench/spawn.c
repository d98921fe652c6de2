/* SPDX-License-Identifier: MIT */
/*
 * spawn FD PROG ARGS: run a program and write to descriptor FD what it and
 * the children that it waited for used: seconds of wall clock and of CPU,
 * peak KiB of the largest, and its wait status. A small process of its own,
 * as a peak begins with what the process that forked had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct rusage used;
	double begin = now();
	int status, fd = argc > 2 ? atoi(argv[1]) : -1;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid < 0)
		return 2;
	if (pid == 0) {
		close(fd);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &used) != pid)
		return 2;
	dprintf(fd, "%.6f %.6f %ld %d\n", now() - begin,
		seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss,
		status);
	return 0;
}
