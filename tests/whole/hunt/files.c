/* SPDX-License-Identifier: MIT */
/* Descriptors, standard streams and what is written to them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

/* write:COUNT: bytes to a file */
void act_do_write(const struct act *a)
{
	static char bytes[1 << 16];
	int fd = open("data", O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd < 0) {
		act_tell("open", fd);
		return;
	}
	memset(bytes, 'd', sizeof(bytes));
	act_tell("write", write(fd, bytes, (size_t)a->n[0] % sizeof(bytes)));
	close(fd);
}

/* complain: on whatever descriptor 2 is */
void act_do_complain(const struct act *a)
{
	if (a->n[0])
		fputs("a complaint\n", stderr);
	else
		act_tell("complain", write(2, "complain\n", 9));
}

/* text:COUNT: bytes on standard output, which may stay in its buffer */
void act_do_text(const struct act *a)
{
	for (long i = 0; i < a->n[0]; i++)
		putchar('a' + (int)(i % 26));
	putchar('\n');
}

/* flush */
void act_do_flush(const struct act *a)
{
	(void)a;
	act_tell("flush", fflush(stdout));
}

/* buffer:HOW */
void act_do_buffer(const struct act *a)
{
	static const int modes[] = { _IOFBF, _IOLBF, _IONBF };

	act_say("buffer", setvbuf(stdout, NULL, modes[a->n[0] % 3], 0));
}

/* number: of the next descriptor, and which ones are open */
void act_do_number(const struct act *a)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY), open_ones = 0;

	(void)a;
	act_tell("number", fd);
	if (fd >= 0)
		close(fd);
	for (int i = 0; i < 64; i++)
		open_ones += fcntl(i, F_GETFD) >= 0;
	act_say("open", open_ones);
}

static bool is_held(int fd)
{
	return act_away && fd >= ACT_HELD && fd < ACT_HELD + ACT_HELD_COUNT;
}

static void close_range_but_held(unsigned first)
{
	if (act_away) {
		syscall(SYS_close_range, first, ACT_HELD - 1, 0);
		first = ACT_HELD + ACT_HELD_COUNT;
	}
	act_tell("close_range", syscall(SYS_close_range, first, ~0u, 0));
}

/* closeall:HOW */
void act_do_closeall(const struct act *a)
{
	switch (a->n[0]) {
	case 0:
		close_range_but_held(3);
		break;
	case 1:
		for (int i = 3; i < 1100; i++)
			if (!is_held(i))
				close(i);
		break;
	case 2:
		if (act_away)
			close_range_but_held(0);
		else
			closefrom(0);
		break;
	default:
		for (int i = 1100; i >= 0; i--)
			if (!is_held(i))
				close(i);
	}
}

/* close:NUMBER */
void act_do_close(const struct act *a)
{
	act_tell("close", close((int)a->n[0]));
}

/* reopen:NUMBER:WHAT: a file or device as that descriptor */
void act_do_reopen(const struct act *a)
{
	static const char *const files[] = { "reopened", "/dev/null",
					     "/dev/full", "reopened" };
	int number = (int)a->n[0];
	int fd =
	    open(files[a->n[1] % 4],
		 a->n[1] == 3 ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND, 0600);

	if (fd >= 0 && fd != number) {
		dup2(fd, number);
		close(fd);
	}
	act_say("reopen", fd >= 0);
}

/* broken:NUMBER: a pipe that nobody reads as that descriptor */
void act_do_broken(const struct act *a)
{
	int ends[2];

	if (pipe(ends)) {
		act_tell("pipe", -1);
		return;
	}
	close(ends[0]);
	if (ends[1] != a->n[0]) {
		dup2(ends[1], (int)a->n[0]);
		close(ends[1]);
	}
}

/* many:COUNT: descriptors, which stay open */
void act_do_many(const struct act *a)
{
	long made = 0;

	while (made < a->n[0] && open("/dev/null", O_RDONLY) >= 0)
		made++;
	act_say("many", made);
}

/* directory:HOW: where it works. Never where something could be made or changed
 * that is not the test's, as in "/": it may be root. */
void act_do_directory(const struct act *a)
{
	int done;

	switch (a->n[0]) {
	case 0:
		act_tell("chdir", chdir("/proc"));
		break;
	case 1:
		mkdir("below", 0777);
		act_tell("chdir", chdir("below"));
		act_tell("rmdir", rmdir("../below"));
		break;
	default:
		mkdir("shut", 0777);
		done = chdir("shut");
		act_tell("chdir", done);
		if (!done)
			act_tell("chmod", chmod(".", 0));
	}
}
