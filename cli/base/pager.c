/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"
#include "paint.h"
#include "xmalloc.h"

#define BUFFER 65536 /* bytes */

static pid_t pager;

static void end(void)
{
	if (!pager)
		return;
	/* The pager shows its last page once this end of the pipe is closed. */
	fflush(stdout);
	close(STDOUT_FILENO);
	/* ^C is the pager's, which may go on after it. */
	signal(SIGINT, SIG_IGN);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}

/* In a signal handler. What the terminal sends on ^C the pager gets, too. */
static void interrupted(void)
{
	if (!pager)
		return;
	close(STDOUT_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
}

static const char *command(void)
{
	const char *set = getenv("REFKNOT_PAGER");

	if (!set)
		set = getenv("PAGER");
	return set ? set : "less";
}

/* The pager's standard input is `in`. */
static pid_t start(const char *text, int in, int out)
{
	char sh[] = "sh", c[] = "-c";
	/* The shell stays until the pager ends, whatever that does on ^C.
	 * 127: there is no such program, so nothing was read. */
	char *line =
	    xasprintf("trap : INT\n(%s\n)\n[ $? != 127 ] || exec cat", text);
	char *argv[] = { sh, c, line, NULL };
	posix_spawn_file_actions_t files;
	pid_t pid = 0;

	setenv("LESS", "FRX", 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_addclose(&files, in);
	posix_spawn_file_actions_addclose(&files, out);
	if (posix_spawn(&pid, "/bin/sh", &files, NULL, argv, environ))
		pid = 0;
	posix_spawn_file_actions_destroy(&files);
	free(line);
	return pid;
}

bool pager_has_shown(void)
{
	static size_t before;
	static bool has;
	size_t waits = pager ? __fpending(stdout) : 0;

	has = has || waits < before;
	before = waits;
	return has;
}

void pager_begin(void)
{
	const char *text = command();
	int ends[2];

	if (pager || !isatty(STDOUT_FILENO) || !*text || !strcmp(text, "cat") ||
	    pipe(ends))
		return;
	paint_decide(stdout);
	pager = start(text, ends[0], ends[1]);
	close(ends[0]);
	if (pager) {
		fflush(stdout);
		dup2(ends[1], STDOUT_FILENO);
		setvbuf(stdout, NULL, _IOFBF, BUFFER);
		quit_first = end;
		atexit(end);
		interrupt_call(interrupted);
	}
	close(ends[1]);
}
