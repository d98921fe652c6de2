/* SPDX-License-Identifier: MIT */
/*
 * What threads return that have ended and are not joined yet: pthread_join may
 * still give it out. Of a thread that was joined, and of one that is detached,
 * nobody can have it any more.
 * expect: leak 2 objects 200 bytes in make_leak
 * lsan: refknot is right: the threads' results are where LeakSanitizer does not
 * search before version 17.
 * valgrind: both are right: what it doubts are blocks of glibc's own, for the
 * thread-local data of the two threads.
 */
#include <pthread.h>
#include <sys/stat.h>

#include "truth.h"

static NOINLINE void *make_leak(void)
{
	return MUST(malloc(100));
}

static NOINLINE void *make_held(void)
{
	return MUST(malloc(10));
}

static void *give(void *unused)
{
	(void)unused;
	return make_held();
}

static void *exit_with(void *unused)
{
	(void)unused;
	pthread_exit(make_held());
}

static void *forget(void *unused)
{
	(void)unused;
	return make_leak();
}

static NOINLINE pthread_t start(void *(*work)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		abort();
	return thread;
}

/* The directory has a link for each thread, beside its own two. */
static void wait_alone(void)
{
	struct stat task;

	do {
		sched_yield();
		if (stat("/proc/self/task", &task))
			abort();
	} while (task.st_nlink > 3);
}

int main(void)
{
	pthread_t given = start(give), exited = start(exit_with);
	pthread_t joined = start(forget), detached = start(forget);

	pthread_join(joined, NULL);
	pthread_detach(detached);
	/* They have ended when nobody else is there. */
	wait_alone();
	scrub();
	return given == exited;
}
