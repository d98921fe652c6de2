/* SPDX-License-Identifier: MIT */
/* How a process ends, and what it does then. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static NOINLINE void leave(long how, int status)
{
	switch (how) {
	case 0:
		exit(status);
	case 1:
		_exit(status);
	case 2:
		quick_exit(status);
	case 3:
		syscall(SYS_exit_group, status);
		break;
	case 4:
		abort();
	case 5:
		pthread_exit(NULL);
	case 6:
		kill(getpid(), SIGKILL);
		break;
	case 7:
		syscall(SYS_exit, status);
		break;
	default:
		_Exit(status);
	}
}

/* end:HOW:STATUS */
void act_do_end(const struct act *a)
{
	act_clean();
	leave(a->n[0], (int)a->n[1]);
}

#define MOST 4

static struct act at_exit[MOST], at_quick[MOST];
static struct act around[3];
static int exit_count, quick_count;

static void run_one(struct act *all, int *count)
{
	sigjmp_buf *catcher = act_catcher;
	struct act a;

	if (!*count)
		return;
	a = all[--*count];
	act_catcher = NULL;
	act_say("at the end", *count);
	act_run(a.first, a.end);
	act_catcher = catcher;
}

static void run_at_exit(void)
{
	run_one(at_exit, &exit_count);
}

static void run_at_quick_exit(void)
{
	run_one(at_quick, &quick_count);
}

/* atend:QUICK{ } */
void act_do_atend(const struct act *a)
{
	struct act *all = a->n[0] ? at_quick : at_exit;
	int *count = a->n[0] ? &quick_count : &exit_count;

	if (*count == MOST)
		return;
	all[(*count)++] = *a;
	act_say("atend", a->n[0] ? at_quick_exit(run_at_quick_exit)
				 : atexit(run_at_exit));
}

static void run_around(int which)
{
	sigjmp_buf *catcher = act_catcher;

	act_catcher = NULL;
	act_say("around", which);
	act_run(around[which].first, around[which].end);
	act_catcher = catcher;
}

/* Of a pipe that the parent closes when it has printed; -1: there is none. */
static int turn[2] = { -1, -1 };

static int moved_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, ACT_HELD);

	close(fd);
	return up;
}

static void before(void)
{
	int ends[2] = { -1, -1 };

	run_around(0);
	if (!pipe2(ends, O_CLOEXEC)) {
		ends[0] = moved_up(ends[0]);
		ends[1] = moved_up(ends[1]);
	}
	memcpy(turn, ends, sizeof(turn));
}

static void close_end(int which)
{
	if (turn[which] >= 0)
		close(turn[which]);
	turn[which] = -1;
}

/* A fork in there has a pipe of its own. */
static void in_parent(void)
{
	int end = turn[1];

	close_end(0);
	turn[1] = -1;
	run_around(1);
	if (end >= 0)
		close(end);
}

static void in_child(void)
{
	char byte;

	close_end(1);
	while (turn[0] >= 0 && read(turn[0], &byte, 1) < 0 && errno == EINTR)
		;
	close_end(0);
	run_around(2);
}

/* aroundfork:WHICH{ }: pthread_atfork; the parent prints first */
void act_do_aroundfork(const struct act *a)
{
	static bool is_set;

	around[a->n[0] % 3] = *a;
	if (!is_set)
		act_say("aroundfork",
			pthread_atfork(before, in_parent, in_child));
	is_set = true;
}
