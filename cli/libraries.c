/* SPDX-License-Identifier: MIT */
#include "libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

static int spawn(const char *loader, const char *program, int out, pid_t *pid)
{
	char *argv[] = { xstrdup(loader), xstrdup("--list"), xstrdup(program),
			 NULL };
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	error = posix_spawn(pid, loader, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	return -error;
}

/*
 * One line of the loader's:
 *	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0000000000)
 *	/lib64/ld-linux-x86-64.so.2 (0x00007f0000000000)
 *	libgone.so.1 => not found
 */
static void add_line(struct libraries *l, char *line)
{
	char *name = line + strspn(line, "\t "), *path, *end;
	struct library *library;

	end = strstr(name, " (0x");
	if (end)
		*end = '\0';
	name[strcspn(name, "\n")] = '\0';
	path = strstr(name, " => ");
	if (!path && *name != '/')
		return; /* the kernel's own, or no list at all */
	if (path) {
		*path = '\0';
		path += strlen(" => ");
	}
	l->list = xreallocarray(l->list, l->count + 1, sizeof(*l->list));
	library = &l->list[l->count++];
	library->name = xstrdup(name);
	if (path && *path != '/')
		library->path = NULL;
	else
		library->path = xstrdup(path ? path : name);
}

void libraries_read(struct libraries *l, FILE *f)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0)
		add_line(l, line);
	free(line);
}

int libraries_list(struct libraries *l, const char *loader, const char *program)
{
	char *absolute;
	int pipes[2], error;
	pid_t pid;
	FILE *f;

	*l = (struct libraries){ 0 };
	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	absolute = realpath(program, NULL);
	error = spawn(loader, absolute ? absolute : program, pipes[1], &pid);
	free(absolute);
	close(pipes[1]);
	f = error ? NULL : fdopen(pipes[0], "r");
	if (f)
		libraries_read(l, f);
	if (f)
		fclose(f);
	else
		close(pipes[0]);
	while (!error && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return error;
}

void libraries_release(struct libraries *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].name);
		free(l->list[i].path);
	}
	free(l->list);
	*l = (struct libraries){ 0 };
}
