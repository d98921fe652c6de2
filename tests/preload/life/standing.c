/* SPDX-License-Identifier: MIT */
/*
 * Threads that are hard to stop, or must not be, one kind by argument 1, while
 * the program ends or asks for a check. Each loses 100 bytes; what a thread
 * still needs is in its stack.
 */
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"
#include "waits.h"

#define SKIP  77
#define STACK 65536
#define PAGE  4096

static atomic_int ready;

/* Until so many are ready, and so many wait for something. */
static void wait_for(int n, int waiting)
{
	while (atomic_load(&ready) < n)
		usleep(1000);
	wait_for_waiting(waiting);
}

static void start(void *(*f)(void *), void *argument)
{
	pthread_t t;

	if (pthread_create(&t, NULL, f, argument))
		exit(2);
}

/* The kernel's thread for submissions, as servers use it. */
static void uring(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL,
				     .sq_thread_idle = 1000 };

	if (syscall(SYS_io_uring_setup, 8, &p) < 0)
		exit(SKIP);
}

/* The child is alive when the process ends, and ends itself then. */
static void *lend(void *unused)
{
	char *volatile held = malloc(66);
	const pid_t self = getpid();
	pid_t child;

	atomic_fetch_add(&ready, 1);
	child = vfork();
	if (!child) {
		for (int i = 0; i < 1000 && getppid() == self; i++)
			usleep(10000);
		_exit(0);
	}
	free(held);
	return unused;
}

/* All signals, also glibc's own two, which its functions leave alone. */
static void block_all(void)
{
	const uint64_t all = ~0ull;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
}

static void *block(void *unused)
{
	char *volatile held = malloc(66);

	block_all();
	atomic_fetch_add(&ready, 1);
	poll(NULL, 0, 60000);
	free(held);
	return unused;
}

/* --- Without a pause ------------------------------------------------------------ */

struct work {
	size_t size;
	int blocks; /* all signals, also glibc's own two */
	int rests;  /* now and then, always at the same place */
};

/* Its blocks are held by nothing but its registers and its stack; large ones
 * are gone with their memory. */
static void *work(void *how)
{
	const struct work *w = how;
	char *some[8] = { NULL };

	if (w->blocks)
		block_all();
	for (unsigned i = 0;; i++) {
		free(some[i % 8]);
		some[i % 8] = malloc(w->size + i % 50 * 16);
		some[i % 8][0] = 1;
		if (i == 100)
			atomic_fetch_add(&ready, 1);
		if (w->rests && i % 16 == 0)
			usleep(200);
	}
	return NULL;
}

/* Nothing can be queued from here on. */
static void let_no_signal_wait(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_SIGPENDING, &none))
		exit(2);
}

static void busy(struct work w, int threads)
{
	static struct work how; /* the threads stay when this returns */

	how = w;
	for (int i = 0; i < threads; i++)
		start(work, &how);
	wait_for(threads, 0);
}

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* A check that is not the end leaves the program's signals as they are. */
static void check_limited(void)
{
	static struct work w = { 24, 0, 1 };
	struct sigaction a;
	sigset_t waits;

	let_no_signal_wait();
	busy(w, 3);
	for (int i = 0; i < 10; i++)
		if (__lsan_do_recoverable_leak_check)
			__lsan_do_recoverable_leak_check();
	atomic_store(&ready, 0);
	start(work, &w);
	wait_for(1, 0);
	for (int i = 1; i < 32; i++)
		if (!sigaction(i, NULL, &a) && a.sa_handler != SIG_DFL)
			printf("signal %d has a handler\n", i);
	if (sigpending(&waits) || !sigisemptyset(&waits))
		puts("a signal waits");
}

/* --- Little room --------------------------------------------------------------- */

static char *stack;
static long room;
static int spins;

static __attribute__((noinline)) void go_down(char *held)
{
	char *here = __builtin_frame_address(0);
	volatile char *p =
	    __builtin_alloca((size_t)(here - stack - 128 - room));

	p[0] = 1;
	atomic_fetch_add(&ready, 1);
	for (volatile int i = 1; spins && i;)
		;
	syscall(SYS_poll, NULL, 0, 60000);
	OPAQUE(held);
	p[0] = 2;
}

static int silent; /* it allocates nothing */

static void *on_little(void *unused)
{
	char *held = silent ? NULL : malloc(66);

	OPAQUE(held);
	syscall(SYS_gettid); /* to find it takes room, too */
	go_down(held);
	return unused;
}

static void with_room(int guard)
{
	pthread_attr_t a;
	pthread_t t;

	stack = mmap(NULL, STACK + 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard)
		mprotect(stack, PAGE, PROT_NONE);
	/* Else it and what is mapped next are one mapping. */
	mprotect(stack + PAGE + STACK, PAGE, PROT_NONE);
	stack += PAGE;
	pthread_attr_init(&a);
	pthread_attr_setstack(&a, stack, STACK);
	if (pthread_create(&t, &a, on_little, NULL))
		exit(2);
	wait_for(1, !spins);
}

/* Nobody may see its threads' stack pointers from here on. */
static void hide(void)
{
	if (!getuid() && setresuid(65534, 65534, 65534))
		exit(2);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		exit(2);
}

static void *wait_here(void *held)
{
	free(held ? malloc(10) : NULL);
	atomic_fetch_add(&ready, 1);
	poll(NULL, 0, 60000);
	OPAQUE(held);
	return held;
}

/* Beside others: one that has allocated, one that has not, one that runs. */
static void hidden(void)
{
	static struct work w = { 24, 0, 0 };

	hide();
	start(wait_here, malloc(66));
	start(wait_here, NULL);
	start(work, &w);
	wait_for(3, 2);
}

/* --- On memory of the program's ----------------------------------------------- */

static void *spin(void *unused)
{
	char *held = malloc(66);

	OPAQUE(held);
	atomic_fetch_add(&ready, 1);
	for (volatile int i = 1; i;)
		;
	OPAQUE(held);
	return unused;
}

static void spin_on(void *memory, size_t size)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	if (pthread_attr_setstack(&a, memory, size) ||
	    pthread_create(&t, &a, spin, NULL))
		exit(2);
}

/* Two that lie side by side, a block amid others, and one that is a mapping. */
static void on_given(void)
{
	static char array[2][STACK] __attribute__((aligned(PAGE)));

	spin_on(array[0], STACK);
	spin_on(array[1], STACK);
	spin_on(aligned_alloc(PAGE, STACK), STACK);
	spin_on(aligned_alloc(PAGE, 1 << 20), 1 << 20);
	scrub();
	wait_for(4, 0);
}

/* --- On a signal stack ------------------------------------------------------------ */

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static char *signal_stack;
static size_t frame_size; /* of the kernel's and the handler's frames */

static void note_frame(int unused)
{
	(void)unused;
	frame_size =
	    (size_t)(signal_stack + STACK - (char *)__builtin_frame_address(0));
}

static int itself; /* what ends the process is the handler */

static void stay(int unused)
{
	(void)unused;
	if (itself) {
		puts("ends");
		exit(0);
	}
	atomic_fetch_add(&ready, 1);
	syscall(SYS_poll, NULL, 0, 60000);
}

static __attribute__((noinline)) void take(void (*f)(int), char *start,
					   size_t size, int flags)
{
	const struct sigaction a = { .sa_handler = f, .sa_flags = SA_ONSTACK };
	const stack_t s = { .ss_sp = start,
			    .ss_flags = flags,
			    .ss_size = size };
	char *volatile held = malloc(66);

	signal_stack = start;
	if (sigaltstack(&s, NULL) || sigaction(SIGUSR1, &a, NULL))
		exit(2);
	raise(SIGUSR1);
	free(held);
}

static void *end(void *unused)
{
	wait_for(1, 1);
	puts("ends");
	exit(0);
	return unused;
}

/* It is an array of a function that others have been called by. */
static void in_handler(int flags)
{
	static char first[STACK];
	char *array;

	take(note_frame, first, STACK, 0);
	syscall(SYS_gettid); /* to find it takes room, too */
	if (!itself)
		start(end, NULL);
	array = __builtin_alloca(frame_size + (size_t)room);
	take(stay, array, frame_size + (size_t)room, flags);
}

/* --- Ids ------------------------------------------------------------------------- */

static atomic_int changes;

/* Each is a broadcast to all threads, which the caller waits for. */
static void *change(void *unused)
{
	for (;;) {
		if (setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1))
			exit(3);
		atomic_fetch_add(&changes, 1);
	}
	return unused;
}

static void *sleep_on(void *unused)
{
	for (;;)
		usleep(500);
	return unused;
}

static void ids(void)
{
	int seen;

	alarm(60);
	start(change, NULL);
	for (int i = 0; i < 6; i++)
		start(sleep_on, NULL);
	for (int i = 0; i < 100; i++) {
		seen = atomic_load(&changes);
		if (__lsan_do_recoverable_leak_check)
			__lsan_do_recoverable_leak_check();
		while (atomic_load(&changes) < seen + 5)
			usleep(100);
	}
	puts("goes on");
}

/* --- Many ------------------------------------------------------------------------- */

static void *one_of_many(void *unused)
{
	char *held = malloc(66);

	OPAQUE(held);
	atomic_fetch_add(&ready, 1);
	for (;;) {
		pause();
		OPAQUE(held);
	}
	return unused;
}

static void many(int n)
{
	pthread_attr_t a;
	pthread_t t;
	int made = 0;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	while (made < n && !pthread_create(&t, &a, one_of_many, NULL))
		made++;
	if (made < n)
		_exit(SKIP);
	while (atomic_load(&ready) < n)
		usleep(1000);
	printf("%d threads\n", made);
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "ids")) /* its checks would tell of what is lost */
		ids();
	if (!strcmp(argv[1], "checked"))
		check_limited();
	lose(100);
	scrub();
	room = argc > 2 ? atol(argv[2]) : 0;
	spins = itself = argc > 3;
	if (!strcmp(argv[1], "uring"))
		uring();
	if (!strcmp(argv[1], "vfork")) {
		start(lend, NULL);
		wait_for(1, 1);
	}
	if (!strcmp(argv[1], "blocked")) {
		start(block, NULL);
		wait_for(1, 1);
	}
	if (!strcmp(argv[1], "limited")) {
		let_no_signal_wait();
		busy((struct work){ .size = 24, .rests = spins }, 3);
	}
	if (!strcmp(argv[1], "unstopped"))
		busy((struct work){ (size_t)room, 1, spins }, 1);
	if (!strcmp(argv[1], "hidden"))
		hidden();
	if (!strcmp(argv[1], "hidden-low")) {
		silent = spins;
		spins = argc > 4;
		hide();
		with_room(1);
	}
	if (!strcmp(argv[1], "low"))
		with_room(1);
	if (!strcmp(argv[1], "given"))
		on_given();
	if (!strcmp(argv[1], "handler"))
		in_handler(0);
	if (!strcmp(argv[1], "disarmed"))
		in_handler((int)SS_AUTODISARM);
	if (!strcmp(argv[1], "many"))
		many((int)room);
	puts("ends");
	return 0;
}
