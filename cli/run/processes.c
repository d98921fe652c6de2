/* SPDX-License-Identifier: MIT */
#include "processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "called.h"
#include "die.h"

bool processes_write(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool given = fd >= 0 && !fcntl(fd, F_SETLEASE, F_RDLCK);

	if (given)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	if (fd >= 0)
		close(fd);
	return !given;
}

bool processes_map(uint32_t pid, const char *path)
{
	size_t plain = strcspn(path, "\n\\"); /* maps escapes the first */
	char *maps = xasprintf("/proc/%u/maps", pid), *line = NULL;
	char *wanted = strndup(path, plain);
	bool found = false;
	size_t size = 0;
	FILE *f = fopen(maps, "re");

	free(maps);
	if (!f || !wanted) {
		free(wanted);
		if (f)
			fclose(f);
		return (!kill((pid_t)pid, 0) || errno != ESRCH) &&
		       processes_write(path);
	}
	while (!found && getline(&line, &size, f) > 0)
		found = strstr(line, wanted);
	free(line);
	free(wanted);
	fclose(f);
	return found;
}

bool processes_is_killed(uint32_t pid)
{
	char *path = xasprintf("/proc/%u/status", pid), *line = NULL;
	FILE *f = fopen(path, "re");
	unsigned long long waiting = 0, one;
	size_t size = 0;
	char state = 0;

	free(path);
	while (f && getline(&line, &size, f) > 0)
		if (sscanf(line, "SigPnd: %llx", &one) == 1 ||
		    sscanf(line, "ShdPnd: %llx", &one) == 1)
			waiting |= one;
		else
			sscanf(line, "State: %c", &state);
	free(line);
	if (f)
		fclose(f);
	return waiting & 1ull << (SIGKILL - 1) || state == 'Z' || state == 'X';
}

char *processes_program(uint32_t pid)
{
	char *link = xasprintf("/proc/%u/exe", pid);
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path));

	free(link);
	return n > 0 ? xasprintf("%.*s", (int)n, path) : xstrdup("a process");
}

char *processes_called(uint32_t pid, const char *program)
{
	char *path = xasprintf("/proc/%u/cmdline", pid);
	char argument[PATH_MAX + 1] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, argument, sizeof(argument) - 1) < 0)
		*argument = '\0';
	if (fd >= 0)
		close(fd);
	free(path);
	return xstrdup(called_name(argument, program));
}

/* Does the process's environment have `variable`? A NUL ends each variable. */
static bool began_with(const char *pid, const char *variable)
{
	char *path = xasprintf("/proc/%s/environ", pid), *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0, length = strlen(variable) + 1;
	ssize_t n = fd < 0 ? 0 : 1;
	bool found = false;

	free(path);
	while (n > 0) {
		text = xreallocarray(text, size + 65536, 1);
		n = read(fd, text + size, 65535);
		size += n > 0 ? (size_t)n : 0;
		text[size] = '\0';
	}
	if (fd >= 0)
		close(fd);
	for (size_t at = 0; !found && at < size; at += strlen(text + at) + 1)
		found =
		    size - at >= length && !memcmp(text + at, variable, length);
	free(text);
	return found;
}

/* 0: it is not known. */
static uint64_t kernel_number(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t number = 0;

	if (f && fscanf(f, "%" SCNu64, &number) != 1)
		number = 0;
	if (f)
		fclose(f);
	return number;
}

/* Has /proc the numbers of this process's pid namespace? */
static bool proc_is_ours(void)
{
	char text[16] = "";

	return readlink("/proc/self", text, sizeof(text) - 1) > 0 &&
	       strtol(text, NULL, 10) == (long)getpid();
}

/* The kernel hands out one number at a time, under a lock: in 1 us at best. The
 * lowest it leaves out when it begins again. */
#define ONE_NS 1000u
#define LOWEST 300u

struct processes_range processes_since(uint32_t pid, uint64_t begun_ns)
{
	uint64_t last = kernel_number("/proc/sys/kernel/ns_last_pid");
	uint64_t most = kernel_number("/proc/sys/kernel/pid_max");
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!pid || !proc_is_ours() || !last || last > UINT32_MAX ||
	    most < LOWEST ||
	    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec -
		    begun_ns >
		(most - LOWEST) * ONE_NS / 2)
		return PROCESSES_ALL;
	return (struct processes_range){ pid, (uint32_t)last };
}

static bool is_in(struct processes_range r, uint32_t pid)
{
	return r.first <= r.last ? pid >= r.first && pid <= r.last
				 : pid >= r.first || pid <= r.last;
}

#define FEW 64 /* that are asked for, rather than looked for in /proc */

/* Not a thread, which has a number, too, for which pidfd_open() says EINVAL or,
 * lately, ENOENT; where it may not be asked, what may be one counts. */
static bool is_process(uint32_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return errno != EINVAL && errno != ENOENT && errno != ESRCH;
	close(fd);
	return true;
}

void processes_each(const char *directory, struct processes_range range,
		    void (*f)(uint32_t pid, void *data), void *data)
{
	char *variable = xasprintf("REFKNOT_OUT=%s", directory);
	bool few = range.first <= range.last && range.last - range.first < FEW;
	DIR *all = few ? NULL : opendir("/proc");
	struct dirent *entry;
	char text[16];

	for (uint32_t pid = range.first; few && pid <= range.last; pid++) {
		snprintf(text, sizeof(text), "%" PRIu32, pid);
		if (pid != (uint32_t)getpid() && began_with(text, variable) &&
		    is_process(pid))
			f(pid, data);
	}
	while (all && (entry = readdir(all))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    pid != (uint32_t)getpid() && is_in(range, pid) &&
		    began_with(entry->d_name, variable))
			f(pid, data);
	}
	if (all)
		closedir(all);
	free(variable);
}

static void note_any(uint32_t pid, void *data)
{
	(void)pid;
	*(bool *)data = true;
}

bool processes_any(const char *directory)
{
	bool any = false;

	processes_each(directory, PROCESSES_ALL, note_any, &any);
	return any;
}
