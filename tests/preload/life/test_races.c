/* SPDX-License-Identifier: MIT */
/*
 * What ends a recording, forks it, or changes what the process has only once -
 * limits, actions for signals, filters - in many threads at the same time. Each
 * round is a forked child, whose recording begins and ends in it. Built with
 * ThreadSanitizer, too, which ends a child that it saw a race in with 66.
 *
 * No thread is stopped, for only handlers that ThreadSanitizer knows of may
 * interrupt its functions: what looks at stopped threads is replaced by what
 * only one thread may do at a time.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ending.h"
#include "fatal.h"
#include "phase.h"
#include "process.h"
#include "real.h"
#include "record.h"
#include "sandbox.h"
#include "signal_stack.h"
#include "snapshot.h"
#include "store.h"
#include "sys.h"

#define MOST   8 /* threads */
#define ROUNDS 6
#define TURNS  200
#define HERE   __builtin_frame_address(0)

typedef void role(unsigned number);

static pthread_barrier_t start;
static atomic_uint wrong;

/* In whatever thread of whatever child: its end tells that one was wrong. */
#define expect(right) expect_at(right, #right, __LINE__)

static void expect_at(bool right, const char *what, int line)
{
	if (!right && !atomic_fetch_add(&wrong, 1))
		dprintf(STDERR_FILENO, "# line %d: not %s\n", line, what);
}

/* --- What one thread does at a time ------------------------------------------- */

/* Not atomic: two threads that are here at once are a race. */
static struct {
	bool busy;
	unsigned ends, questions;
} looks;

static void look(unsigned *count)
{
	expect(!looks.busy);
	looks.busy = true;
	++*count;
	for (unsigned i = 0; i < 100; i++)
		sys_pause();
	looks.busy = false;
}

void __wrap_snapshot_take(const struct stopped *self);
void __wrap_snapshot_take(const struct stopped *self)
{
	(void)self;
	look(&looks.ends);
}

bool __wrap_snapshot_find_lost(const struct stopped *self,
			       struct snapshot_lost *lost);
bool __wrap_snapshot_find_lost(const struct stopped *self,
			       struct snapshot_lost *lost)
{
	(void)self;
	look(&looks.questions);
	lost->blocks = 1;
	return true;
}

/* --- A child of its own for each round ----------------------------------------- */

struct worker {
	pthread_t thread;
	unsigned number;
	role *f;
};

/* None ends before all are through: that a thread has ended, and its area may be
 * another's, is told by the kernel, and ThreadSanitizer does not hear it. */
static void *work(void *data)
{
	const struct worker *w = data;

	pthread_barrier_wait(&start);
	w->f(w->number);
	pthread_barrier_wait(&start);
	return NULL;
}

/* Until all are through. */
static void in_threads(role *const roles[], unsigned count)
{
	struct worker workers[MOST];

	pthread_barrier_init(&start, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		workers[i].number = i;
		workers[i].f = roles[i];
		expect(!pthread_create(&workers[i].thread, NULL, work,
				       &workers[i]));
	}
	for (unsigned i = 0; i < count; i++)
		expect(!pthread_join(workers[i].thread, NULL));
	pthread_barrier_destroy(&start);
}

/* Its file is not needed: what is mapped stays. */
static bool begin_recording(void)
{
	return process_ready() && !unlink(store.path);
}

/* How a child with that number ends; 0: all that it looked at was right. */
static int status_of(int pid)
{
	int status;

	if (pid <= 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* `first`: the recording begins before the threads do; `seen` looks at what is
 * left of it. */
static void in_new_children(bool first, role *const roles[], unsigned count,
			    void (*seen)(void))
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		int pid = fork();

		if (!pid) {
			expect(!first || begin_recording());
			in_threads(roles, count);
			seen();
			_exit(atomic_load(&wrong) ? 1 : 0);
		}
		assert_int_equal(status_of(pid), 0);
	}
}

static void in_children(role *const roles[], unsigned count, void (*seen)(void))
{
	in_new_children(true, roles, count, seen);
}

/* --- Ends ------------------------------------------------------------------------ */

static __attribute__((noinline)) char *allocate(size_t size)
{
	char *p = malloc(size);

	record_alloc(p, size, 0, HERE);
	return p;
}

static __attribute__((noinline)) void give_back(char *p)
{
	record_free_slowly(p, HERE);
	free(p);
}

static void allocate_all_the_time(unsigned number)
{
	for (unsigned i = 0; i < TURNS * 5; i++) {
		char *p = allocate(16 + (i * 40503u + number) % 3000);

		if (i % 64 == 0)
			process_flush(); /* as dlclose() does */
		give_back(p);
	}
}

static void ask_until_the_end(unsigned number)
{
	(void)number;
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t blocks = 0, bytes = 0;
		enum ending_answer a = ending_lost(&blocks, &bytes);

		expect((a == ENDING_CHECKED) == (blocks == 1));
		if (a != ENDING_CHECKED)
			return;
	}
}

static void wait_a_little(unsigned number)
{
	for (unsigned i = 0; i < 1000 * number; i++)
		sys_pause();
}

static void end_by_exit(unsigned number)
{
	wait_a_little(number);
	ending_exit(3);
}

static void end_by_call(unsigned number)
{
	wait_a_little(number);
	ending_check();
}

/* As the handler does, which blocks all signals. */
static void end_by_signal(unsigned number)
{
	struct stopped self = { .tid = (uint32_t)sys_tid() };

	wait_a_little(number);
	if (!ending_by_signal(SIGTERM))
		return;
	ending_take(&self);
	ending_over();
}

static void it_ended_once(void)
{
	enum phase now = phase_of(phase_now());
	const struct rkn_meta *m = &store.header->meta;

	expect(looks.ends == 1);
	expect(now == PHASE_ENDED || now == PHASE_CHECKED);
	expect(store.header->state == STORE_FINISHED);
	expect(m->end == RKN_END_EXIT || m->end == RKN_END_SIGNAL ||
	       now == PHASE_CHECKED);
}

static void one_of_many_ends_is_the_end(void **state)
{
	static role *const roles[] = {
		end_by_exit,           end_by_signal,        end_by_exit,
		end_by_signal,         ask_until_the_end,    ask_until_the_end,
		allocate_all_the_time, allocate_all_the_time
	};

	(void)state;
	in_children(roles, MOST, it_ended_once);
}

static void a_check_that_is_asked_for_is_the_end(void **state)
{
	static role *const roles[] = {
		end_by_call, end_by_exit,       end_by_signal,
		end_by_call, ask_until_the_end, allocate_all_the_time
	};

	(void)state;
	in_children(roles, 6, it_ended_once);
}

/* --- The beginning --------------------------------------------------------------- */

static void allocate_from_the_beginning(unsigned number)
{
	while (phase_of(phase_now()) != PHASE_RUNNING || !process_ready())
		give_back(allocate(100));
	allocate_all_the_time(number);
}

static void ask_from_the_beginning(unsigned number)
{
	(void)number;
	for (unsigned i = 0; i < TURNS; i++) {
		struct rlimit told;

		expect(!getrlimit(RLIMIT_AS, &told));
		process_missed();
	}
}

static void it_runs(void)
{
	expect(begin_recording());
	expect(store.header->state == STORE_RUNNING);
}

/* A forked child's, whose threads were made where nobody looked. */
static void the_first_of_many_threads_begins_the_recording(void **state)
{
	static role *const roles[] = { allocate_from_the_beginning,
				       allocate_from_the_beginning,
				       allocate_from_the_beginning,
				       ask_from_the_beginning };

	(void)state;
	in_new_children(false, roles, 4, it_runs);
}

/* --- Limits ------------------------------------------------------------------------ */

/* More than any sanitizer maps; of no whole KiB. */
#define LIMIT(number, i)                                                       \
	((1ull << 50) + ((uint64_t)(number) << 30) + ((uint64_t)(i) << 12) + 7)

static bool is_one(uint64_t limit)
{
	uint64_t rest = limit % 4096;

	return limit == RLIM_INFINITY ||
	       (limit >> 50 == 1 && (rest == 7 || rest == 0));
}

static void set_limits(unsigned number)
{
	for (unsigned i = 0; i < TURNS; i++) {
		const struct rlimit wish = { LIMIT(number, i), RLIM_INFINITY };
		struct rlimit told;

		expect(!setrlimit(RLIMIT_AS, &wish));
		expect(!getrlimit(RLIMIT_AS, &told) && is_one(told.rlim_cur) &&
		       told.rlim_max == RLIM_INFINITY);
	}
}

static void ask_limits(unsigned number)
{
	(void)number;
	for (unsigned i = 0; i < TURNS; i++) {
		struct rlimit told;

		expect(!prlimit(0, RLIMIT_AS, NULL, &told) &&
		       is_one(told.rlim_cur));
	}
}

static void a_limit_is_one_that_was_set(void)
{
	const struct rlimit wish = { LIMIT(0, 1), RLIM_INFINITY };
	struct rlimit told;

	ask_limits(0);
	expect(!setrlimit(RLIMIT_AS, &wish) && !getrlimit(RLIMIT_AS, &told));
	expect(told.rlim_cur == wish.rlim_cur);
}

static void limits_are_told_as_somebody_set_them(void **state)
{
	static role *const roles[] = { set_limits, set_limits, set_limits,
				       ask_limits, ask_limits };

	(void)state;
	in_children(roles, 5, a_limit_is_one_that_was_set);
}

/* --- Actions for signals -------------------------------------------------------------- */

/* The C library's would be the sanitizer's own. */
static int set_action(int number, const struct sigaction *new,
		      struct sigaction *old)
{
	struct sys_action to = { 0 }, from;

	if (new) {
		to.handler = (void *)(uintptr_t) new->sa_handler;
		to.flags = (unsigned)new->sa_flags | SYS_RESTORER;
		to.restorer = sys_restorer();
		memcpy(&to.mask, &new->sa_mask, sizeof(to.mask));
	}
	if (sys_action(number, new ? &to : NULL, &from) < 0)
		return -1;
	if (!old)
		return 0;
	memset(old, 0, sizeof(*old));
	old->sa_handler = (void (*)(int))(uintptr_t)from.handler;
	old->sa_flags = (int)from.flags;
	memcpy(&old->sa_mask, &from.mask, sizeof(from.mask));
	return 0;
}

static void handle(int signal)
{
	(void)signal;
}

static bool is_told_right(const struct sigaction *a)
{
	return a->sa_handler == SIG_DFL || a->sa_handler == SIG_IGN ||
	       a->sa_handler == handle;
}

static const int signals[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGHUP };

/* Flags and masks that nobody had before, too; the first threads are given
 * signal stacks, until one wants handlers there. */
static void set_actions(unsigned number)
{
	void (*const handlers[])(int) = { SIG_DFL, handle, SIG_IGN };

	signal_stack_give(SIGNAL_STACK_SMALL);
	for (unsigned i = 0; i < TURNS; i++) {
		struct sigaction wish = {
			.sa_handler = handlers[(i + number) % 3],
			.sa_flags = i % 2 ? SA_RESTART : SA_NODEFER,
		};
		struct sigaction told;

		if (i == TURNS / 2)
			wish.sa_flags |= SA_ONSTACK;
		sigaddset(&wish.sa_mask, (int)(1 + (i + 7 * number) % 30));
		expect(!sigaction(signals[i % 4], &wish, &told) &&
		       is_told_right(&told));
	}
}

static void ask_actions(unsigned number)
{
	for (unsigned i = 0; i < TURNS; i++) {
		struct sigaction told;

		expect(!sigaction(signals[(i + number) % 4], NULL, &told) &&
		       is_told_right(&told));
		fatal_ends(signals[i % 4]);
	}
}

static void use_signal_stacks(unsigned number)
{
	for (unsigned i = 0; i < TURNS / 4; i++) {
		fatal_use_signal_stacks((i + number) % 2);
		wait_a_little(1);
	}
}

/* One that would forbid all but three calls, and that the kernel does not
 * take. */
static void try_filters(unsigned number)
{
	(void)number;
	for (unsigned i = 0; i < TURNS / 20; i++) {
		struct sandbox_change c;

		sandbox_ask(&c, NULL);
		sandbox_enter(&c);
		sandbox_done(&c, false);
		wait_a_little(4);
	}
}

/* The handlers stand where they stood, and a default is told as it was set. */
static void actions_stand(void)
{
	const struct sigaction wish = { .sa_handler = SIG_DFL,
					.sa_flags = SA_RESTART };
	struct sigaction told;

	for (unsigned i = 0; i < 4; i++) {
		expect(fatal_stands_in(signals[i]));
		expect(!sigaction(signals[i], &wish, NULL) &&
		       !set_action(signals[i], NULL, &told));
		expect(fatal_is(told.sa_handler));
		expect(!sigaction(signals[i], NULL, &told) &&
		       told.sa_handler == SIG_DFL);
	}
}

static void actions_are_told_as_somebody_set_them(void **state)
{
	static role *const roles[] = { set_actions, set_actions, ask_actions,
				       ask_actions, use_signal_stacks };

	(void)state;
	in_children(roles, 5, actions_stand);
}

static void actions_are_told_while_filters_are_tried(void **state)
{
	static role *const roles[] = { set_actions, ask_actions, try_filters,
				       try_filters };

	(void)state;
	in_children(roles, 4, actions_stand);
}

/* --- All of it -------------------------------------------------------------------------- */

static void forked_child(void)
{
	atomic_store(&wrong, 0);
	looks.busy = false; /* of a thread that is not here */
	looks.ends = 0;
	expect(begin_recording());
	give_back(allocate(100));
	set_limits(7);
	a_limit_is_one_that_was_set();
	actions_stand();
	ending_exit(0);
	it_ended_once();
	sys_exit(atomic_load(&wrong) ? 1 : 0);
}

/* Whatever the other threads are in the middle of. */
static void fork_children(unsigned number)
{
	for (unsigned i = 0; i < 2; i++) {
		int pid;

		wait_a_little(number);
		pid = fork();
		if (!pid)
			forked_child();
		expect(status_of(pid) == 0);
	}
}

/* The kernel's own, for the sanitizer makes a fork of it. */
static inline __attribute__((always_inline)) int vfork_here(void)
{
	long pid = SYS_vfork;

	__asm__ volatile("syscall" : "+a"(pid) : : "rcx", "r11", "memory");
	return (int)pid;
}

static __attribute__((noinline)) void vfork_child(void)
{
	struct sandbox_change c;
	uint64_t blocks, bytes;

	set_limits(6);
	set_actions(6);
	sandbox_ask(&c, NULL);
	expect(!c.counts);
	expect(ending_lost(&blocks, &bytes) == ENDING_NOT_CHECKED);
	ending_exit(9);
}

/* They share all memory but what the kernel has of a process. */
static __attribute__((noinline)) void vfork_children(unsigned number)
{
	for (unsigned i = 0; i < 3; i++) {
		int pid;

		wait_a_little(number);
		pid = vfork_here();
		if (!pid) {
			vfork_child();
			sys_exit(0);
		}
		expect(status_of(pid) == 0);
	}
}

static void all_is_as_it_was_set(void)
{
	it_ended_once();
	a_limit_is_one_that_was_set();
	actions_stand();
}

/* It ends, by one thread or another, while the rest goes on. */
static void end_late(unsigned number)
{
	wait_a_little(100);
	(number % 2 ? end_by_signal : end_by_exit)(0);
}

static void all_goes_on_while_the_process_ends(void **state)
{
	static role *const roles[] = { set_limits,
				       set_actions,
				       ask_until_the_end,
				       fork_children,
				       vfork_children,
				       end_late,
				       allocate_all_the_time,
				       end_late };

	(void)state;
	in_children(roles, MOST, all_is_as_it_was_set);
}

/* Handlers stand from here on, in children too. */
static int setup(void **state)
{
	(void)state;
	if (!begin_recording())
		return -1;
	real.sigaction = set_action;
	fatal_begin();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_first_of_many_threads_begins_the_recording),
		cmocka_unit_test(one_of_many_ends_is_the_end),
		cmocka_unit_test(a_check_that_is_asked_for_is_the_end),
		cmocka_unit_test(limits_are_told_as_somebody_set_them),
		cmocka_unit_test(actions_are_told_as_somebody_set_them),
		cmocka_unit_test(actions_are_told_while_filters_are_tried),
		cmocka_unit_test(all_goes_on_while_the_process_ends),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
