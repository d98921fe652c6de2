/* SPDX-License-Identifier: MIT */
/*
 * Puts itself under a seccomp filter (argument 1) that kills for one of
 * refknot's calls, or refuses it, or where no file can be opened, and then
 * executes argument 3 as argument 2 says.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"

static struct sock_filter none[] = { END(SECCOMP_RET_ALLOW) };
static struct sock_filter no_peek[] = { WITHOUT(SYS_process_vm_readv, 0,
						BPF_JGE, 0) };
static struct sock_filter no_link[] = { WITHOUT(SYS_symlink, 0, BPF_JGE, 0) };
static struct sock_filter no_signal[] = { WITHOUT(SYS_tgkill, 0, BPF_JGE, 0) };
static struct sock_filter no_advice[] = { WITHOUT(SYS_madvise, 0, BPF_JGE, 0) };
static struct sock_filter no_down[] = { WITHOUT(SYS_mmap, 3, BPF_JSET,
						MAP_GROWSDOWN) };
static struct sock_filter refused_peek[] = {
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
	END(SECCOMP_RET_ERRNO | 1), END(SECCOMP_RET_ALLOW)
};

static struct sock_filter refused_open[] = {
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
	END(SECCOMP_RET_ERRNO | 13), END(SECCOMP_RET_ALLOW)
};

#define FILTER(rows)                                                           \
	{                                                                      \
		.name = #rows, .filter = rows,                                 \
		.size = sizeof(rows) / sizeof(*(rows))                         \
	}
static const struct {
	const char *name;
	struct sock_filter *filter;
	size_t size;
} filters[] = { FILTER(none),      FILTER(no_peek),     FILTER(no_link),
		FILTER(no_signal), FILTER(no_advice),   FILTER(refused_peek),
		FILTER(no_down),   FILTER(refused_open) };

static char *copy[2000]; /* of the environment, as it was before */

static void confine(const char *name)
{
	const struct rlimit no_files = { 0, 1000 };

	if (!strcmp(name, "no_files"))
		setrlimit(RLIMIT_NOFILE, &no_files);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		if (!strcmp(name, filters[i].name) &&
		    install(filters[i].filter, filters[i].size))
			_exit(7);
}

static void execute(const char *how, char **argv)
{
	if (!strcmp(how, "copy"))
		execve(argv[0], argv, copy);
	if (!strcmp(how, "fexecve"))
		fexecve(open(argv[0], O_RDONLY), argv, copy);
	if (!strcmp(how, "raw"))
		syscall(SYS_execve, argv[0], argv, environ);
	if (!strcmp(how, "search")) /* by a shell, if it is no program */
		execvp(argv[0], argv);
	execv(argv[0], argv);
	_exit(8);
}

int main(int argc, char **argv)
{
	const char *how = argv[2];
	int status = 0;
	pid_t pid = 0;

	(void)argc;
	for (size_t i = 0; environ[i] && i < 1999; i++)
		copy[i] = strdup(environ[i]);
	confine(argv[1]);
	if (!strcmp(how, "system"))
		return system(argv[3]) >> 8;
	if (!strcmp(how, "spawn"))
		posix_spawn(&pid, argv[3], NULL, NULL, argv + 3, copy);
	else if (!strcmp(how, "fork"))
		pid = fork();
	if (!pid)
		execute(how, argv + 3);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
}
