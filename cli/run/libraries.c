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
#include "list.h"

#define TRACE   "LD_TRACE_LOADED_OBJECTS=1" /* list, and do not run it */
#define VERBOSE "LD_VERBOSE="               /* would list versions as well */

#define KERNEL "linux-vdso.so."

static int spawn(const char *loader, const char *program, int out, pid_t *pid)
{
	char *argv[] = { xstrdup(loader), xstrdup(program), NULL };
	posix_spawn_file_actions_t actions;
	size_t count = 0, n = 0;
	char **list;
	int error;

	/* Our environment, for the loader to list by. */
	while (environ && environ[count])
		count++;
	list = xcalloc(count + 2, sizeof(*list));
	list[n++] = xstrdup(TRACE);
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], VERBOSE, strlen(VERBOSE)) != 0)
			list[n++] = environ[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	error = posix_spawn(pid, loader, &actions, NULL, argv, list);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	free(list[0]);
	free(list);
	return -error;
}

/* The loader looked from the working directory. NULL: that has no name. */
static char *absolute(const char *path)
{
	char *directory, *whole;

	if (*path == '/')
		return xstrdup(path);
	directory = getcwd(NULL, 0);
	while (!strncmp(path, "./", 2))
		path += 2;
	whole = directory ? xasprintf("%s/%s", directory, path) : NULL;
	free(directory);
	return whole;
}

/*
 * Lines of a loader's:
 *
 *	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0000000000)
 *	libplug.so => ./libplug.so (0x00007f0000000000)
 *	/lib64/ld-linux-x86-64.so.2 (0x00007f0000000000)
 *	./libnear.so (0x00007f0000000000)
 *	libhere.so (0x00007f0000000000)
 *	libgone.so.1 => not found
 */
void libraries_read(struct libraries *l, FILE *f)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		char *name = line + strspn(line, "\t "), *path, *end;
		struct library *library;

		end = strstr(name, " (0x");
		if (end)
			*end = '\0';
		name[strcspn(name, "\n")] = '\0';
		path = strstr(name, " => ");
		if (!path && (!end || !strncmp(name, KERNEL, strlen(KERNEL))))
			continue; /* no list at all, or the kernel's own */
		if (path && !end && strcmp(path, " => not found") != 0)
			continue;
		if (path) {
			*path = '\0';
			path += strlen(" => ");
		}
		library = LIST_ADD(l->list, l->count);
		library->name = xstrdup(name);
		library->path =
		    path && !end ? NULL : absolute(path ? path : name);
	}
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
	if (f) {
		libraries_read(l, f);
		fclose(f);
	} else {
		close(pipes[0]);
	}
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
