/* SPDX-License-Identifier: MIT */
/* How a process ends, and what it does then. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
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

static void before(void)
{
	run_around(0);
}

static void in_parent(void)
{
	run_around(1);
}

static void in_child(void)
{
	run_around(2);
}

/* aroundfork:WHICH{ }: pthread_atfork */
void act_do_aroundfork(const struct act *a)
{
	static bool is_set;

	around[a->n[0] % 3] = *a;
	if (!is_set)
		act_say("aroundfork",
			pthread_atfork(before, in_parent, in_child));
	is_set = true;
}
