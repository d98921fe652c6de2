// SPDX-License-Identifier: MIT
/* Work on a stack of refknot's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aside.h"

#define THREADS  8
#define DISTANCE (1 << 20)

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static uintptr_t here(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}

static void note_place(void *place)
{
	*(uintptr_t *)place = here();
}

static bool is_near(uintptr_t a, uintptr_t b)
{
	return (a > b ? a - b : b - a) < DISTANCE;
}

static void work_is_done_on_another_stack(void **state)
{
	uintptr_t first = 0, second = 0;

	(void)state;
	errno = 7;
	aside(note_place, &first);
	aside(note_place, &second);
	assert_int_equal(errno, 7);
	assert_false(is_near(first, here()));
	assert_int_equal(first, second);
	assert_int_equal(first % 16, 0);
}

static void note_left(void *left)
{
	*(uint64_t *)left = aside_left(here());
}

/* For whoever stops the thread. */
static void the_stack_that_was_left_is_told(void **state)
{
	uint64_t left = 0;

	(void)state;
	aside(note_left, &left);
	assert_true(left < here() + 4096 && left + 4096 > here());
	assert_true(aside_left(here()) - here() + 4096 < 8192);
}

static void note_twice(void *data)
{
	uintptr_t *places = data;

	places[0] = here();
	aside(note_place, &places[1]);
}

static void who_is_aside_stays_there(void **state)
{
	uintptr_t places[2];

	(void)state;
	aside(note_twice, places);
	assert_false(is_near(places[0], here()));
	assert_true(places[0] - places[1] + 4096 < 8192);
}

static void send(void *before)
{
	raise(SIGUSR1);
	*(int *)before = signals;
}

static void signals_come_after_it(void **state)
{
	struct sigaction action = { .sa_handler = count_signal };
	sigset_t set, now;
	int before = -1;

	(void)state;
	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	aside(send, &before);
	assert_int_equal(before, 0);
	assert_int_equal(signals, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	assert_true(sigismember(&now, SIGUSR2));
	assert_false(sigismember(&now, SIGUSR1));
}

static pthread_barrier_t together;

static void meet(void *place)
{
	*(uintptr_t *)place = here();
	pthread_barrier_wait(&together);
}

static void *go_aside(void *place)
{
	aside(meet, place);
	return NULL;
}

static void threads_have_one_each(void **state)
{
	uintptr_t places[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	pthread_barrier_init(&together, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, go_aside, &places[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
	for (int i = 0; i < THREADS; i++)
		for (int n = 0; n < i; n++)
			assert_int_not_equal(places[i], places[n]);
}

static pthread_barrier_t begun, done;

static void stay(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&done);
}

static void *stay_aside(void *unused)
{
	aside(stay, unused);
	return NULL;
}

/* What another thread has then is not taken by the child. */
static void a_child_of_a_fork_has_others(void **state)
{
	uintptr_t place = 0;
	pthread_t thread;
	int status = -1;
	pid_t pid;

	(void)state;
	pthread_barrier_init(&begun, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	pthread_create(&thread, NULL, stay_aside, NULL);
	pthread_barrier_wait(&begun);
	pid = fork();
	if (!pid) {
		aside(note_place, &place);
		_exit(place && !is_near(place, here()) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	pthread_barrier_wait(&done);
	pthread_join(thread, NULL);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_done_on_another_stack),
		cmocka_unit_test(who_is_aside_stays_there),
		cmocka_unit_test(the_stack_that_was_left_is_told),
		cmocka_unit_test(signals_come_after_it),
		cmocka_unit_test(threads_have_one_each),
		cmocka_unit_test(a_child_of_a_fork_has_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
