/* SPDX-License-Identifier: MIT */
/*
 * Wait until other threads are where a test needs them, as /proc has it. The
 * sleep between two looks decides nothing.
 */
#ifndef WAITS_H
#define WAITS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a process or a thread: R runs, S and D wait, Z has ended; 0: it is gone.
 * `parent`: the number of its parent, or NULL. */
static inline char state_of(const char *pid, long *parent)
{
	char path[64], text[512];
	const char *end;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '\0';
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	end = strrchr(text, ')');
	if (!end)
		return '\0';
	if (parent)
		*parent = atol(end + 4);
	return end[2];
}

static inline int waits(const char *pid)
{
	const char state = state_of(pid, NULL);

	return state == 'S' || state == 'D';
}

static inline void wait_for_state(long pid, char state)
{
	char name[24];

	snprintf(name, sizeof(name), "%ld", pid);
	while (state_of(name, NULL) != state)
		usleep(200);
}

/* Until so many other threads of this process wait for something. */
static inline void wait_for_waiting(int n)
{
	struct dirent *e;
	int count;
	DIR *d;

	do {
		count = 0;
		d = opendir("/proc/self/task");
		while (d && (e = readdir(d)))
			count +=
			    atoi(e->d_name) != gettid() && waits(e->d_name);
		if (d)
			closedir(d);
	} while (count < n && !usleep(200));
}

#endif
