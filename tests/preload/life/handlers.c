/* SPDX-License-Identifier: MIT */
/* Programs that live by signals, one by argument 1. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "hooks.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static atomic_int seen[65];

static void allocate(int number)
{
	int saved = errno;

	free(malloc(100 + (size_t)number));
	atomic_fetch_add(&seen[number], 1);
	errno = saved;
}

static void churn(int n)
{
	void *blocks[64] = { NULL };

	for (int i = 0; i < n; i++) {
		free(blocks[i & 63]);
		blocks[i & 63] = malloc((unsigned)i * 2654435761u >> 22);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
}

/* 1 kHz, on the smallest stack that the kernel takes. malloc in a handler is
 * not the C library's promise, so this one does not allocate. */
static void count(int number)
{
	atomic_fetch_add(&seen[number], 1);
}

static void profile(void)
{
	size_t size = getauxval(AT_MINSIGSTKSZ);
	stack_t stack = { .ss_size = size > 2048 ? size : 2048 };
	struct sigaction a = { .sa_handler = count,
			       .sa_flags = SA_ONSTACK | SA_RESTART };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };

	stack.ss_size += 256; /* for the handler's own frame */
	stack.ss_sp = malloc(stack.ss_size);
	CHECK(!sigaltstack(&stack, NULL));
	sigaction(SIGPROF, &a, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	while (atomic_load(&seen[SIGPROF]) < 100)
		churn(10000);
	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	CHECK(atomic_load(&seen[SIGPROF]) >= 100);
}

static void *waiter(void *unused)
{
	churn(1000);
	return unused;
}

static void blocked(void)
{
	sigset_t all, old;
	pthread_t t[4];

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, waiter, NULL);
	raise(SIGTERM);
	raise(SIGUSR1);
	churn(10000);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	sigprocmask(SIG_SETMASK, NULL, &old);
	CHECK(sigismember(&old, SIGTERM) && sigismember(&old, SIGSEGV));
	sigpending(&old);
	CHECK(sigismember(&old, SIGTERM) && sigismember(&old, SIGUSR1));
}

/* Every real-time signal, queued, with handlers that allocate between calls. */
static void realtime(void)
{
	sigset_t set;
	siginfo_t info;
	int sum = 0;

	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		signal(i, allocate);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		for (int k = 0; k < 10; k++)
			sigqueue(getpid(), i, (union sigval){ .sival_int = k });
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		sum += atomic_load(&seen[i]);
	CHECK(sum == 10 * (SIGRTMAX - SIGRTMIN + 1));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 42 });
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN &&
	      info.si_value.sival_int == 42);
}

static char *page;
static void *volatile guarded;

static void open_page(int number, siginfo_t *info, void *context)
{
	(void)context;
	(void)number;
	if ((uintptr_t)info->si_addr - (uintptr_t)page >= 4096)
		_exit(9);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	atomic_fetch_add(&seen[SIGSEGV], 1);
}

/* Memory that opens when it is touched: nobody but the program touches it. */
static void faults(void)
{
	struct sigaction a = { .sa_sigaction = open_page,
			       .sa_flags = SA_SIGINFO };

	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &a, NULL);
	for (int i = 0; i < 1000; i++) {
		((volatile char *)page)[i] = 1;
		mprotect(page, 4096, PROT_NONE);
		churn(50);
	}
	CHECK(atomic_load(&seen[SIGSEGV]) == 1000);
	*(void *volatile *)page = malloc(123);
	mprotect(page, 4096, PROT_NONE);
	atomic_store(&seen[SIGSEGV], 0);
}

static void at_end(void)
{
	CHECK(atomic_load(&seen[SIGSEGV]) == 0);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	(void)argc;
	lose(100);
	scrub();
	atexit(at_end);
	if (!strcmp(argv[1], "profile"))
		profile();
	if (!strcmp(argv[1], "blocked"))
		blocked();
	if (!strcmp(argv[1], "realtime"))
		realtime();
	if (!strcmp(argv[1], "faults"))
		faults();
	return 0;
}
