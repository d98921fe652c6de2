/* SPDX-License-Identifier: MIT */
/*
 * The process's threads as the kernel shows them, from outside, in
 * /proc/self/task.  No malloc, no lock.
 */
#ifndef TASKS_H
#define TASKS_H

#include <stdbool.h>
#include <stdint.h>

enum task_state {
	TASK_UNKNOWN, /* not known */
	TASK_RUNS,    /* or is about to */
	TASK_WAITS,   /* in the kernel, with what struct task says */
	TASK_LENDS,   /* the same, and a child runs on its stack: vfork() */
	TASK_WORKER,  /* the kernel's own, as io_uring has them: no code of the
			 program's, no stack, no signals */
	TASK_OVER,    /* it has ended, though it may be listed */
};

#define TASK_ARGUMENTS 6

/* /proc/self/task/TID/syscall: 7 0x7ffd2d4e2a10 0x1 0xffffffff 0x0 0x8 0x0
 * 0x7ffd2d4e29f8 0x7f5a3d2f2b9f */
struct task {
	int64_t call; /* -1: it waits in none, after a fault for example */
	uint64_t arguments[TASK_ARGUMENTS]; /* registers of the call */
	uint64_t sp, pc;   /* 0: hidden, if privileges were dropped */
	uint64_t switches; /* tasks_switches(), where it was asked; 0 */
};

/* What thread `tid` does now. *t is filled in for a thread that waits. */
enum task_state tasks_look(int tid, struct task *t);

/* Whether it is over or a worker, for what tasks_look() does not know; else
 * TASK_UNKNOWN. */
enum task_state tasks_kind(int tid);

/* Whether process `pid` has ended, and is only listed until its parent asks for
 * it. False if that is not known. */
bool tasks_have_ended(int pid);

/* Whether thread `tid` would take that signal now, and does not wait for it by
 * sigwait() and its kin. Not for real-time signals. */
bool tasks_takes(int tid, int signal);

/* How often thread `tid` has begun to wait, in its life, if it waits now; else
 * TASKS_RUNS; 0 if that is not known. */
#define TASKS_RUNS UINT64_MAX
uint64_t tasks_switches(int tid);

/* Whether a thread stood still from one look to a later one, each with
 * `switches`. False if that is not known. */
bool tasks_stood(const struct task *before, const struct task *now);

/* Whether that signal waits for no thread in particular, and there is no
 * filter, as far as the calling thread knows. False if that is not known. It
 * takes 4 KiB of stack, and so does tasks_switches(). */
bool tasks_second_signal(int signal);

/* Whether the calling thread acts as another user or group than its own. False
 * if that is not known. `room`: 512 bytes to work in. */
bool tasks_acts_for_other(char *room);

/* Calls f(tid, data) for each thread that is listed. False if the list is not
 * whole, or has numbers of another pid namespace. It takes 4 KiB of stack. */
bool tasks_each(void (*f)(int tid, void *data), void *data);

#endif
