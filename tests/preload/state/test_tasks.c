/* SPDX-License-Identifier: MIT */
/* Threads and processes as the kernel shows them, in each state that is told
 * apart. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"
#include "sys.h"
#include "tasks.h"

static int ends[2]; /* of a pipe: who reads waits */
static atomic_int reader;
static char buffer[64];

static void *wait_in_read(void *blocked)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (blocked)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	atomic_store(&reader, sys_tid());
	syscall(SYS_read, ends[0], buffer, 17, 4, 5, 6);
	return NULL;
}

static void *wait_for_signal(void *unused)
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	atomic_store(&reader, sys_tid());
	while (sigtimedwait(&set, NULL, NULL) != SIGUSR2)
		continue;
	return unused;
}

static void *lend(void *unused)
{
	char byte;

	atomic_store(&reader, sys_tid());
	if (!vfork()) {
		if (syscall(SYS_read, ends[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	return unused;
}

static int start(pthread_t *thread, void *(*f)(void *), void *data)
{
	atomic_store(&reader, 0);
	assert_int_equal(pthread_create(thread, NULL, f, data), 0);
	while (!atomic_load(&reader))
		sched_yield();
	return atomic_load(&reader);
}

/* Once it waits in that call. */
static enum task_state look_in(int tid, int64_t call, struct task *t)
{
	enum task_state is = TASK_RUNS;

	while (is == TASK_RUNS || t->call != call)
		is = tasks_look(tid, t);
	return is;
}

static void let_go(pthread_t thread)
{
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void who_waits_is_seen_with_its_call(void **state)
{
	struct task t;
	pthread_t thread;
	int tid = start(&thread, wait_in_read, NULL);
	pthread_attr_t a;
	void *stack;
	size_t size;

	(void)state;
	assert_int_equal(look_in(tid, SYS_read, &t), TASK_WAITS);
	assert_int_equal(t.arguments[0], ends[0]);
	assert_int_equal(t.arguments[1], (uintptr_t)buffer);
	assert_int_equal(t.arguments[2], 17);
	assert_int_equal(t.arguments[3], 4);
	assert_int_equal(t.arguments[4], 5);
	assert_int_equal(t.arguments[5], 6);
	pthread_getattr_np(thread, &a);
	pthread_attr_getstack(&a, &stack, &size);
	pthread_attr_destroy(&a);
	assert_in_range(t.sp, (uintptr_t)stack, (uintptr_t)stack + size);
	assert_true(t.pc != 0);
	assert_int_equal(tasks_kind(tid), TASK_UNKNOWN);
	assert_in_range(tasks_switches(tid), 1, TASKS_RUNS - 1);
	let_go(thread);
	/* It is joined a moment before the kernel has no such thread. */
	while (tasks_kind(tid) != TASK_OVER)
		sched_yield();
	assert_int_equal(tasks_look(tid, &t), TASK_UNKNOWN);
	assert_int_equal(tasks_switches(tid), 0);
}

static atomic_bool enough;

static void *compute(void *unused)
{
	atomic_store(&reader, sys_tid());
	while (!atomic_load(&enough))
		continue;
	return unused;
}

static void who_computes_runs(void **state)
{
	struct task t;
	pthread_t thread;
	int tid = start(&thread, compute, NULL);

	(void)state;
	assert_int_equal(tasks_look(tid, &t), TASK_RUNS);
	assert_int_equal(tasks_kind(tid), TASK_UNKNOWN);
	assert_true(tasks_switches(tid) == TASKS_RUNS);
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
}

static atomic_uint rounds;

static void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		continue;
}

static void *wait_again(void *unused)
{
	atomic_store(&reader, sys_tid());
	while (!atomic_load(&enough)) {
		usleep(200);
		atomic_fetch_add(&rounds, 1);
		spin(100000);
	}
	return unused;
}

static void look_and_count(int tid, struct task *t)
{
	tasks_look(tid, t);
	t->switches = tasks_switches(tid);
}

/* A look may see it wait, and then run: at several in turn. */
static void who_waits_again_and_again_does_not_stand(void **state)
{
	struct task before, now;
	pthread_t thread;
	unsigned stood = 0, round;
	int tid;

	(void)state;
	atomic_store(&enough, false);
	tid = start(&thread, wait_again, NULL);
	for (int i = 0; i < 2000; i++) {
		look_and_count(tid, &before);
		round = atomic_load(&rounds);
		while (round == atomic_load(&rounds))
			sched_yield();
		usleep(i * 7919 % 1000); /* at any time of its round */
		look_and_count(tid, &now);
		stood += tasks_stood(&before, &now);
	}
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	assert_int_equal(stood, 0);
}

static void who_waits_on_stands(void **state)
{
	struct task before, now;
	pthread_t thread;
	int tid = start(&thread, wait_in_read, NULL);

	(void)state;
	look_in(tid, SYS_read, &before);
	while ((before.switches = tasks_switches(tid)) == TASKS_RUNS)
		sched_yield();
	look_and_count(tid, &now);
	let_go(thread);
	assert_true(tasks_stood(&before, &now));
	now.sp += 8;
	assert_false(tasks_stood(&before, &now));
	now = before;
	now.switches = before.switches = 0; /* it could not be read */
	assert_false(tasks_stood(&before, &now));
}

static void who_lends_its_stack_is_told(void **state)
{
	struct task t;
	pthread_t thread;
	int tid = start(&thread, lend, NULL);
	enum task_state is;

	(void)state;
	do
		is = tasks_look(tid, &t);
	while (is == TASK_RUNS || is == TASK_WAITS);
	assert_int_equal(is, TASK_LENDS);
	let_go(thread);
}

static void a_signal_that_is_blocked_is_not_taken(void **state)
{
	pthread_t thread;
	struct task t;
	int tid = start(&thread, wait_in_read, buffer);

	(void)state;
	for (int i = 1; i < 32; i++)
		assert_int_equal(tasks_takes(tid, i), i != SIGUSR1);
	assert_false(tasks_takes(tid, 32));
	let_go(thread);
	assert_false(tasks_takes(tid, SIGUSR2));
	tid = start(&thread, wait_for_signal, NULL);
	look_in(tid, SYS_rt_sigtimedwait, &t);
	assert_false(tasks_takes(tid, SIGUSR2));
	pthread_kill(thread, SIGUSR2);
	pthread_join(thread, NULL);
}

/* With a filter nothing is told: some containers have one. */
static bool is_filtered(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	int mode = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Seccomp: %d", &mode);
	if (f)
		fclose(f);
	return mode;
}

static void a_signal_that_waits_is_seen(void **state)
{
	const bool told = !is_filtered();
	sigset_t set, before;

	(void)state;
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &before);
	for (int i = 1; i < 32; i++) {
		struct timespec none = { 0, 0 };

		if (i == SIGKILL || i == SIGSTOP || i == SIGCHLD ||
		    i == SIGCONT || i == SIGURG || i == SIGWINCH)
			continue;
		assert_int_equal(tasks_second_signal(i), told);
		kill(getpid(), i);
		for (int k = 1; k < 32; k++)
			assert_int_equal(tasks_second_signal(k),
					 told && k != i);
		sigemptyset(&set);
		sigaddset(&set, i);
		assert_int_equal(sigtimedwait(&set, NULL, &none), i);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void a_process_has_ended_until_its_parent_asks(void **state)
{
	siginfo_t info;
	char byte;
	int pid = fork();

	(void)state;
	if (!pid)
		_exit(read(ends[0], &byte, 1) != 1);
	assert_false(tasks_have_ended(pid));
	assert_false(tasks_have_ended(getpid()));
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(tasks_have_ended(pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(tasks_have_ended(pid));
}

static int status_of(int pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
		   ? WEXITSTATUS(status)
		   : -1;
}

/* Ids of a process of its own; root alone can change them. */
static int acts_as(int (*change)(unsigned id), int expected)
{
	char room[512];
	int pid = fork();

	if (!pid) {
		process.pid = getpid();
		if (change && change(65534))
			_exit(0);
		_exit(tasks_acts_for_other(room) != expected);
	}
	return status_of(pid);
}

static void who_acts_for_another_user_or_group_is_told(void **state)
{
	(void)state;
	assert_int_equal(acts_as(NULL, 0), 0);
	assert_int_equal(acts_as(seteuid, 1), 0);
	assert_int_equal(acts_as(setegid, 1), 0);
	assert_int_equal(acts_as(setuid, 0), 0);
}

struct seen {
	int count, tid, times;
};

static void see(int tid, void *data)
{
	struct seen *s = data;

	s->count++;
	s->times += tid == s->tid;
}

static void each_thread_is_listed_once(void **state)
{
	struct seen before = { 0 }, seen = { 0 };
	pthread_t thread;

	(void)state;
	assert_true(tasks_each(see, &before));
	seen.tid = start(&thread, wait_in_read, NULL);
	assert_true(tasks_each(see, &seen));
	assert_int_equal(seen.times, 1);
	assert_int_equal(seen.count, before.count + 1);
	let_go(thread);
}

static int setup(void **state)
{
	(void)state;
	process.pid = getpid();
	return pipe(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_is_seen_with_its_call),
		cmocka_unit_test(who_computes_runs),
		cmocka_unit_test(who_waits_again_and_again_does_not_stand),
		cmocka_unit_test(who_waits_on_stands),
		cmocka_unit_test(who_lends_its_stack_is_told),
		cmocka_unit_test(a_signal_that_is_blocked_is_not_taken),
		cmocka_unit_test(a_signal_that_waits_is_seen),
		cmocka_unit_test(a_process_has_ended_until_its_parent_asks),
		cmocka_unit_test(who_acts_for_another_user_or_group_is_told),
		cmocka_unit_test(each_thread_is_listed_once),
	};

	return cmocka_run_group_tests_name("tasks", tests, setup, NULL);
}
