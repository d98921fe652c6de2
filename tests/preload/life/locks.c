// SPDX-License-Identifier: MIT
/*
 * Holds a lock of fcntl() on a file and begins that file as a program: "locks
 * HOW FILE". Says whether the lock is still held then, which only another
 * process can ask: as "locks ask FILE".
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(const char *path)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDONLY);

	return fd < 0 || fcntl(fd, F_SETLK, &l);
}

static void ask(const char *path)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t pid;

	fflush(stdout);
	pid = fork();

	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (fcntl(open(path, O_RDONLY), F_GETLK, &l))
		puts("cannot ask");
	else
		puts(l.l_type == F_UNLCK ? "lost" : "held");
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *how = argv[1];
	char *path = argv[2], ask_word[] = "ask";
	char *arguments[] = { path, ask_word, path, NULL };
	char **volatile odd = (char **)8;
	pid_t pid;

	(void)argc;
	free(malloc(10));
	if (strcmp(how, "ask") != 0 && lock(path))
		return 3;
	if (!strcmp(how, "spawn") &&
	    !posix_spawn(&pid, path, NULL, NULL, arguments, environ))
		waitpid(pid, NULL, 0);
	if (!strcmp(how, "fail")) {
		execve(path, odd, environ);
		printf("%d\n", errno);
	}
	if (!strcmp(how, "itself"))
		execve(path, arguments, environ);
	ask(path);
	return 0;
}
