/* SPDX-License-Identifier: MIT */
/*
 * LeakSanitizer's interface, one way to use it a mode; see test_lsan.py, which
 * runs it under LeakSanitizer, too.  Each leak check's answer is a line.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scrub.h"

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
void __lsan_ignore_object(const void *) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __lsan_register_root_region(const void *, size_t) __attribute__((weak));
void __lsan_unregister_root_region(const void *, size_t) __attribute__((weak));

#ifdef OPTIONS
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return OPTIONS;
}
#endif
#ifdef SUPPRESSIONS
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return SUPPRESSIONS;
}
#endif
static volatile int off;
#ifdef TURNED_OFF
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return TURNED_OFF;
}
#endif

static void *volatile slot;

static NOINLINE void *lose(size_t size)
{
	slot = malloc(size);
	memset(slot, 0, size);
	return slot;
}

static NOINLINE void forget(void)
{
	slot = NULL;
	scrub();
}

/* Buffered lines would be a forked child's, too. */
static NOINLINE void ask(void)
{
	int answer;

	scrub();
	if (!__lsan_do_recoverable_leak_check)
		return;
	answer = __lsan_do_recoverable_leak_check();
	printf("%d\n", answer);
	fflush(stdout);
}

static void again(void)
{
	ask();
	lose(500);
	ask();
	forget();
	ask();
	lose(300);
	forget();
	ask();
}

static void inside(void)
{
	slot = (char *)lose(100) + 10;
	ask();
	forget();
	ask();
}

static NOINLINE void tie(void)
{
	void **a = lose(40), **b = lose(48);

	*a = b;
	*b = a;
}

static void ring(void)
{
	tie();
	ask();
	forget();
	ask();
}

/* A chain longer than any table of the search. */
static void chain(void)
{
	void *first = NULL;

	for (int i = 0; i < 100000; i++) {
		void **link = malloc(24 + (size_t)(i % 3) * 16);

		*link = first;
		first = link;
	}
	slot = first;
	first = NULL;
	ask();
	forget();
	ask();
}

static void disabled(void)
{
	if (!__lsan_disable)
		return;
	__lsan_disable();
	__lsan_disable();
	lose(111);
	__lsan_enable();
	lose(112);
	__lsan_enable();
	forget();
	ask();
	lose(113);
	forget();
	ask();
}

/* What holds in the parent holds in the child. */
static void disabled_fork(void)
{
	int status;

	if (!__lsan_disable)
		return;
	__lsan_disable();
	if (!fork()) {
		lose(121);
		forget();
		ask();
		__lsan_enable();
		lose(122);
		forget();
		ask();
		_exit(0);
	}
	wait(&status);
	__lsan_enable();
}

static void ignored(void)
{
	if (!__lsan_ignore_object)
		return;
	__lsan_ignore_object(lose(131));
	__lsan_ignore_object((char *)lose(132) + 8);
	forget();
	ask();
	__lsan_ignore_object((const void *)&slot);
	__lsan_ignore_object(NULL);
	ask();
}

static void *map(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void region(void)
{
	void **m = map(8192);

	if (!__lsan_register_root_region)
		return;
	__lsan_register_root_region(m, 8192);
	m[600] = lose(141);
	forget();
	ask();
	m[600] = NULL;
	ask();
	__lsan_unregister_root_region(m, 8192);
	ask();
}

/* Only refknot reads what the program may not read now. */
static void hidden_region(void)
{
	void **m = map(8192);

	if (!__lsan_register_root_region)
		return;
	__lsan_register_root_region(m, 8192);
	m[600] = lose(151);
	forget();
	mprotect(m, 8192, PROT_NONE);
	ask();
	__lsan_register_root_region((char *)m + 4096, 12 << 20);
	munmap(m, 8192);
	ask();
}

static void wrong(void)
{
	if (!__lsan_unregister_root_region)
		return;
	__lsan_ignore_object((const void *)&off);
	__lsan_unregister_root_region((const void *)&off, 8);
}

static pthread_barrier_t barrier;

static void *hold(void *unused)
{
	void *volatile mine = malloc(161);

	(void)unused;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	mine = NULL;
	return mine;
}

static void thread(void)
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, hold, NULL);
	pthread_barrier_wait(&barrier);
	ask();
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	ask();
}

/* All ask at once, and allocate, and one of them ends the process. */
static volatile int stop;

static void *storm_one(void *data)
{
	long wrong_answers = 0;

	while (!stop) {
		free(malloc(1 + (size_t)(random() % 999)));
		if (__lsan_do_recoverable_leak_check)
			wrong_answers += __lsan_do_recoverable_leak_check();
	}
	*(long *)data = wrong_answers;
	return NULL;
}

static void storm(void)
{
	static long answers[4];
	pthread_t threads[4];
	long sum = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, storm_one, &answers[i]);
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			ask();
			_exit(0);
		}
		waitpid(pid, &status, 0);
	}
	stop = 1;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		sum += answers[i];
	}
	printf("wrong %ld\n", sum);
}

static void storm_exit(void)
{
	static long answers[4];
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, storm_one, &answers[i]);
	for (int i = 0; i < 3 && __lsan_do_recoverable_leak_check; i++)
		__lsan_do_recoverable_leak_check();
	lose(171);
	forget();
	exit(5);
}

static void many(void)
{
	lose(181);
	for (int i = 0; i < 2000; i++)
		if (__lsan_do_recoverable_leak_check &&
		    __lsan_do_recoverable_leak_check())
			puts("wrong");
	forget();
	ask();
}

static void off_later(void)
{
	lose(191);
	forget();
	off = 1;
	ask();
}

static void killed(void)
{
	lose(192);
	forget();
	raise(SIGTERM);
}

static const struct {
	const char *name;
	void (*f)(void);
} modes[] = {
	{ "again", again },
	{ "inside", inside },
	{ "ring", ring },
	{ "chain", chain },
	{ "disabled", disabled },
	{ "disabled_fork", disabled_fork },
	{ "ignored", ignored },
	{ "region", region },
	{ "hidden_region", hidden_region },
	{ "wrong", wrong },
	{ "thread", thread },
	{ "storm", storm },
	{ "storm_exit", storm_exit },
	{ "many", many },
	{ "off_later", off_later },
	{ "killed", killed },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (argc > 1 && !strcmp(argv[1], modes[i].name))
			modes[i].f();
	return 0;
}
