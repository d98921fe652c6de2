/* SPDX-License-Identifier: MIT */
/* Corners of threads, one by argument 1. Each loses what it says. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "hooks.h"
#include "waits.h"

static pthread_key_t key;
static atomic_int rounds, ended, there;
static int expected;

/* Until all are there. */
static void meet(void)
{
	atomic_fetch_add(&there, 1);
	while (atomic_load(&there) < expected)
		sched_yield();
}

/* glibc calls it again as long as there is a value: 4 times. */
static void again(void *value)
{
	free(value);
	atomic_fetch_add(&rounds, 1);
	free(realloc(malloc(30), 3000));
	pthread_setspecific(key, malloc(55));
}

static void *with_key(void *unused)
{
	pthread_setspecific(key, malloc(55));
	return unused;
}

/* The value that the last round leaves is lost: 55 bytes a thread. */
static void keys(void)
{
	pthread_t t[20];

	pthread_key_create(&key, again);
	for (int i = 0; i < 20; i++)
		pthread_create(&t[i], NULL, with_key, NULL);
	for (int i = 0; i < 20; i++)
		pthread_join(t[i], NULL);
	printf("%d rounds\n", atomic_load(&rounds));
}

static void give_back(void *p)
{
	free(p);
	free(malloc(77));
	atomic_fetch_add(&ended, 1);
}

static void *cancelled(void *unused)
{
	void *p = malloc(88);

	pthread_cleanup_push(give_back, p);
	for (;;) {
		free(malloc(99));
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return unused;
}

static void cancel(void)
{
	pthread_t t;
	void *result;
	int n = 0;

	for (int i = 0; i < 500; i++) {
		pthread_create(&t, NULL, cancelled, NULL);
		pthread_cancel(t);
		pthread_join(t, &result);
		n += result == PTHREAD_CANCELED;
	}
	/* Some are cancelled before they push. */
	printf("%d cancelled, %s\n", n, ended <= 500 ? "fine" : "NO");
}

static void *churn(void *unused)
{
	void *blocks[32] = { NULL };

	for (unsigned i = 0;; i++) {
		free(blocks[i & 31]);
		blocks[i & 31] = malloc(i & 1023);
		if (i == 100)
			atomic_fetch_add(&there, 1);
	}
	return unused;
}

static void start(int n, void *(*f)(void *), int detached)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	if (detached)
		pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	while (n--)
		pthread_create(&t, &a, f, NULL);
	pthread_attr_destroy(&a);
}

static void *sleeping(void *unused)
{
	char *p = malloc(66);

	OPAQUE(p);
	atomic_fetch_add(&ended, 1);
	for (;;) {
		pause();
		OPAQUE(p); /* it needs it still */
	}
	return unused;
}

static void *exiting(void *unused)
{
	meet();
	exit(3);
	return unused;
}

static void *last(void *unused)
{
	wait_for_state(getpid(), 'Z');
	puts("last");
	return unused;
}

void __lsan_do_leak_check(void) __attribute__((weak));
static atomic_int turns, turner;

static void *turn(void *unused)
{
	atomic_store(&turner, gettid());
	for (;;)
		atomic_fetch_add(&turns, 1);
	return unused;
}

/* The program goes on after this check, so its threads must, at once: they are
 * held for 300 ms at a process's end, asleep. */
static void check_beside_thread(void)
{
	char name[24];
	int seen, held = 0;

	start(1, turn, 1);
	while (!atomic_load(&turns))
		usleep(100);
	snprintf(name, sizeof(name), "%d", atomic_load(&turner));
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	seen = atomic_load(&turns);
	while (atomic_load(&turns) == seen && !held)
		held = waits(name);
	puts(held ? "held" : "goes on");
}

int main(int argc, char **argv)
{
	pthread_t t;

	(void)argc;
	lose(100);
	scrub();
	if (!strcmp(argv[1], "keys"))
		keys();
	if (!strcmp(argv[1], "cancel"))
		cancel();
	if (!strcmp(argv[1], "check"))
		check_beside_thread();
	if (!strcmp(argv[1], "exit")) { /* while others allocate */
		expected = 9;
		start(8, churn, 0);
		meet();
	}
	if (!strcmp(argv[1], "detached")) {
		start(8, sleeping, 1);
		while (atomic_load(&ended) < 8)
			usleep(100);
	}
	if (!strcmp(argv[1], "other")) { /* another thread calls exit() */
		expected = 5;
		start(4, churn, 1);
		start(1, exiting, 1);
		for (;;)
			pause();
	}
	if (!strcmp(argv[1], "last")) { /* the first thread ends first */
		pthread_create(&t, NULL, last, NULL);
		pthread_exit(NULL);
	}
	if (!strcmp(argv[1], "together")) { /* several threads call exit() */
		expected = 4;
		start(3, exiting, 1);
		meet();
		exit(3);
	}
	return 0;
}
