/* SPDX-License-Identifier: MIT */
/* Threads, coroutines, and stacks of all sizes. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "act.h"

#define PAGE 4096L

/* Memory for a stack, with a guard page below; its lower end. */
static char *new_stack(long size)
{
	long whole = (size + PAGE - 1) / PAGE * PAGE;
	char *map = mmap(NULL, (size_t)(whole + PAGE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	mprotect(map, PAGE, PROT_NONE);
	return map + PAGE;
}

static void remove_stack(char *stack, long size)
{
	long whole = (size + PAGE - 1) / PAGE * PAGE;

	/* What is unmapped last counts as held. */
	memset(stack, 0, (size_t)whole);
	munmap(stack - PAGE, (size_t)(whole + PAGE));
}

static enum room room_of(long size)
{
	return size >= 256 << 10  ? ROOM_LARGE
	       : size >= 16 << 10 ? ROOM_SMALL
				  : ROOM_TINY;
}

struct body {
	const struct act *a;
	long size;
	char *low; /* NULL: the C library's stack */
};

/* Below a thread's first frame it has that much less than its size: TLS and the
 * guard. */
#define NOT_STACK 10240

static void *run_body(void *data)
{
	const struct body *b = data;

	act_stack.room = room_of(b->size);
	act_stack.low = b->low;
	if (act_stack.room != ROOM_LARGE && !b->low)
		act_stack.low =
		    (char *)__builtin_frame_address(0) - b->size + NOT_STACK;
	act_run(b->a->first, b->a->end);
	act_clean();
	return NULL;
}

/* thread:HOW:SIZE{ }: its stack is glibc's, of that size, the program's own, or
 * one that it has from malloc */
void act_do_thread(const struct act *a)
{
	size_t size = a->n[1] ? (size_t)a->n[1] : (size_t)PTHREAD_STACK_MIN;
	struct body b = { a, a->n[0] ? (long)size : 8 << 20, NULL };
	void *stack = NULL, *result = NULL;
	pthread_attr_t how;
	pthread_t t;
	int failed;

	pthread_attr_init(&how);
	if (a->n[0] == 1)
		pthread_attr_setstacksize(&how, size);
	else if (a->n[0] == 2)
		stack = new_stack((long)size);
	else if (a->n[0] == 3)
		stack = malloc(size);
	if (stack)
		pthread_attr_setstack(&how, stack, size);
	b.low = stack;
	failed = pthread_create(&t, &how, run_body, &b);
	pthread_attr_destroy(&how);
	if (!failed)
		failed = pthread_join(t, &result);
	act_say("thread", failed ? failed : (long)(intptr_t)result);
	if (stack && a->n[0] == 2)
		remove_stack(stack, (long)size);
	else
		free(stack);
}

struct coroutine {
	ucontext_t here, there;
	const struct act *a;
};

static void run_coroutine(unsigned high, unsigned low)
{
	struct coroutine *c = (struct coroutine *)((uintptr_t)high << 32 | low);

	act_run(c->a->first, c->a->end);
}

/* coroutine:SIZE{ } */
void act_do_coroutine(const struct act *a)
{
	struct coroutine *c = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct act_stack before = act_stack;
	char *stack = new_stack(a->n[0]);

	if (!stack || c == MAP_FAILED)
		return;
	getcontext(&c->there);
	c->there.uc_stack.ss_sp = stack;
	c->there.uc_stack.ss_size = (size_t)a->n[0];
	c->there.uc_link = &c->here;
	c->a = a;
	makecontext(&c->there, (void (*)(void))run_coroutine, 2,
		    (unsigned)((uintptr_t)c >> 32), (unsigned)(uintptr_t)c);
	act_stack = (struct act_stack){ room_of(a->n[0]), stack };
	act_say("coroutine", swapcontext(&c->here, &c->there));
	act_stack = before;
	remove_stack(stack, a->n[0]);
	munmap(c, PAGE);
}

static sem_t begun;

static void wait_begun(void)
{
	while (sem_wait(&begun) && errno == EINTR)
		;
}

static void make_threads(long count, void *(*function)(void *), void *data)
{
	pthread_attr_t how;
	pthread_t t;

	sem_init(&begun, 0, 0);
	pthread_attr_init(&how);
	pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&how, 128 << 10);
	for (long i = 0; i < count; i++) {
		int failed = pthread_create(&t, &how, function, data);

		if (!failed)
			wait_begun();
		else
			act_say("pthread_create", failed);
	}
	pthread_attr_destroy(&how);
}

static void *spin(void *unused)
{
	void *volatile some[8] = { NULL };

	sem_post(&begun);
	for (unsigned i = 0;; i++) {
		free(some[i % 8]);
		some[i % 8] = malloc(24 + i % 50 * 16);
		if (i % 64 == 0)
			usleep(200);
	}
	return unused;
}

/* spin:COUNT: threads that allocate until the process ends */
void act_do_spin(const struct act *a)
{
	make_threads(a->n[0], spin, NULL);
}

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void *rest(void *how)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	void *volatile own = malloc(50);
	sigset_t none, all;
	int number, ends[2];
	char byte;

	block_all();
	sigemptyset(&none);
	sigfillset(&all);
	if ((long)(intptr_t)how == 3 && pipe(ends))
		how = NULL;
	sem_post(&begun);
	switch ((long)(intptr_t)how) {
	case 1:
		pthread_mutex_lock(&mutex);
		for (;;)
			pthread_cond_wait(&never, &mutex);
	case 2:
		for (;;)
			sigwait(&all, &number);
	case 3:
		for (;;)
			if (read(ends[0], &byte, 1) < 0)
				usleep(1000);
	case 4:
		for (;;)
			sleep(1000);
	default:
		for (;;)
			poll(NULL, 0, -1);
	}
	free(own);
	return NULL;
}

/* sleep:COUNT:HOW: threads that wait until the process ends */
void act_do_sleep(const struct act *a)
{
	make_threads(a->n[0], rest, (void *)(intptr_t)a->n[1]);
}

struct low {
	char *stack;
	long left;
	bool works;
};

static NOINLINE void go_down(const struct low *l)
{
	long size = (char *)__builtin_frame_address(0) - l->stack - l->left;
	volatile char *deep = __builtin_alloca((size_t)size);

	deep[0] = 1;
	sem_post(&begun);
	while (l->works) {
		free(malloc(100));
		usleep(100);
	}
	for (;;)
		poll(NULL, 0, -1);
}

static void *stay_low(void *l)
{
	block_all();
	go_down(l);
	return NULL;
}

/* What a thread calls that has no room for the loader to find it. */
static void bind_calls(void)
{
	sem_init(&begun, 0, 0);
	sem_post(&begun);
	poll(NULL, 0, 0);
	usleep(0);
	free(malloc(100));
}

/* low:LEFT:WORKS: a thread that waits with so many bytes of its stack left */
void act_do_low(const struct act *a)
{
	struct low *l = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t how;
	pthread_t t;

	if (l == MAP_FAILED)
		return;
	l->stack = new_stack(65536);
	l->left = a->n[0];
	l->works = a->n[1];
	if (!l->stack)
		return;
	bind_calls();
	sem_init(&begun, 0, 0);
	pthread_attr_init(&how);
	pthread_attr_setstack(&how, l->stack, 65536);
	if (!pthread_create(&t, &how, stay_low, l))
		wait_begun();
	pthread_attr_destroy(&how);
}

static void *be_cancelled(void *how)
{
	if (how)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_post(&begun);
	for (;;)
		if (how)
			__asm__ volatile("pause");
		else
			poll(NULL, 0, -1);
	return NULL;
}

/* cancel:ASYNCHRONOUSLY */
void act_do_cancel(const struct act *a)
{
	void *result = NULL;
	pthread_t t;

	sem_init(&begun, 0, 0);
	if (pthread_create(&t, NULL, be_cancelled, (void *)(intptr_t)a->n[0])) {
		act_say("cancel", -1);
		return;
	}
	wait_begun();
	pthread_cancel(t);
	pthread_join(t, &result);
	act_say("cancelled", result == PTHREAD_CANCELED);
}

static void expire(union sigval value)
{
	(void)value;
	free(malloc(77));
	sem_post(&begun);
}

/* timer: one that runs a function in a thread of its own. It stays: the library's
 * thread keeps where one was that is deleted. */
void act_do_timer(const struct act *a)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD,
				  .sigev_notify_function = expire };
	struct itimerspec soon = { .it_value = { .tv_nsec = 100000 } };
	timer_t timer;

	(void)a;
	sem_init(&begun, 0, 0);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer)) {
		act_tell("timer_create", -1);
		return;
	}
	act_say("timer", timer_settime(timer, 0, &soon, NULL));
	wait_begun();
}

static void *wait_in_vfork(void *unused)
{
	int parent = getpid();

	block_all();
	if (!vfork()) {
		/* Its standard streams would be waited for. */
		close(0);
		close(1);
		close(2);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		sem_post(&begun);
		for (;;)
			poll(NULL, 0, -1);
	}
	return unused;
}

/* vforking: a thread whose vfork child lives as long as the process */
void act_do_vforking(const struct act *a)
{
	(void)a;
	make_threads(1, wait_in_vfork, NULL);
}
