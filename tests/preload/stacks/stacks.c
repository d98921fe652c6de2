/* SPDX-License-Identifier: MIT */
/*
 * Call stacks that are hard to follow, one kind a run: `stacks KIND`. Each
 * allocates at many places; what it allocates does not matter, only from where.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noipa))
#define STACK    (128 << 10)

static volatile int sink;

NOINLINE static void touch(size_t size)
{
	void *volatile p = malloc(size);

	free(p);
	sink++;
}

NOINLINE static void dive(int depth, int every)
{
	if (depth % every == 0)
		touch(16);
	if (depth)
		dive(depth - 1, every);
	if (depth % every == 0)
		touch(24);
	sink++;
}

static void deep(void)
{
	dive(10000, 50);
	for (int i = 0; i < 30; i++)
		dive(i * 40, 7);
}

static jmp_buf back;

NOINLINE static void dive_and_jump(int depth, int from)
{
	touch(32);
	if (depth == from)
		longjmp(back, 1);
	dive_and_jump(depth + 1, from);
	sink++;
}

static void jumps(void)
{
	for (volatile int i = 0; i < 300; i++) {
		if (!setjmp(back))
			dive_and_jump(0, i % 23);
		touch(40);
	}
}

static ucontext_t home, there;

NOINLINE static void coroutine(int depth)
{
	for (int i = 0; i < 5; i++) {
		dive(depth, 2);
		swapcontext(&there, &home);
		touch(48);
	}
}

static char *new_stack(void)
{
	char *p = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* Stacks that come and go at the same place. */
static void coroutines(void)
{
	static int again;
	static char *last;

	static int i;

	for (i = 0; i < 60; i++) {
		char *stack = new_stack();

		again += stack == last;
		last = stack;
		getcontext(&there);
		there.uc_stack.ss_sp = stack;
		there.uc_stack.ss_size = STACK - (size_t)(i % 4) * 4096;
		there.uc_link = &home;
		makecontext(&there, (void (*)(void))coroutine, 1, i % 9);
		for (int n = 0; n < 6; n++) {
			swapcontext(&home, &there);
			touch(56);
		}
		munmap(stack, STACK);
	}
	printf("%s\n",
	       again > 10 ? "stacks came again" : "no stack came again");
}

static void *in_thread(void *stack)
{
	dive(20, 3);
	return stack;
}

/* Small stacks, the program's own, unmapped when the thread has ended. */
static void threads(void)
{
	for (int i = 0; i < 100; i++) {
		char *stack = new_stack();
		pthread_attr_t attributes;
		pthread_t thread;

		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, stack,
				      STACK - (size_t)(i % 3) * 16384);
		if (pthread_create(&thread, &attributes, in_thread, NULL))
			abort();
		pthread_join(thread, NULL);
		pthread_attr_destroy(&attributes);
		munmap(stack, STACK);
	}
}

static void handler(int signal)
{
	(void)signal;
	dive(6, 2);
}

NOINLINE static void dive_and_raise(int depth)
{
	touch(64);
	if (depth)
		dive_and_raise(depth - 1);
	else
		raise(SIGUSR1);
	touch(72);
}

/* On the thread's own stack, and on another. */
static void signals(void)
{
	stack_t other = { .ss_sp = new_stack(), .ss_size = STACK };
	struct sigaction action = { .sa_handler = handler };

	sigaltstack(&other, NULL);
	for (int i = 0; i < 100; i++) {
		action.sa_flags = i % 2 ? SA_ONSTACK : 0;
		sigaction(SIGUSR1, &action, NULL);
		dive_and_raise(i % 11);
	}
}

typedef void worker(void (*)(size_t), int);

static void *library_open(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);

	if (!library)
		abort();
	return library;
}

/*
 * Two libraries of one layout, whose frames differ: loaded at one place in
 * turn, the same return address has another rule each time.
 */
static void libraries(const char *const *paths)
{
	void *last = NULL;
	int again = 0;

	for (int i = 0; i < 200; i++) {
		void *library = library_open(paths[i % 2]);
		worker *work;

		work = (worker *)(size_t)dlsym(library, "work");
		again += (void *)(size_t)work == last;
		last = (void *)(size_t)work;
		work(touch, i % 5);
		dlclose(library);
	}
	printf("%s\n",
	       again > 100 ? "libraries came again" : "no library came again");
}

/*
 * A place has another library before the call that unloaded the last one returns:
 * the loader is another thread, which waits for the loader's lock and which the
 * unloader, on the same processor and of lowest rank, makes way for.
 */
static struct {
	const char *path; /* of what is loaded next */
	worker *work;     /* of what goes */
	pthread_t thread;
	_Atomic pid_t id; /* of the loader; 0: it still works in what goes */
	int again;
} next;

static void *load(void *unused)
{
	void *library;
	worker *work;

	/* Rules are derived anew, and must not stay. */
	next.work(touch, 2);
	next.id = gettid();
	library = library_open(next.path);
	work = (worker *)(size_t)dlsym(library, "work");
	next.again += work == next.work;
	for (int i = 0; i < 5; i++)
		work(touch, i);
	dlclose(library);
	return unused;
}

static bool waits(pid_t thread)
{
	char path[64], text[64] = "";
	FILE *file;
	char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		abort();
	fclose(file);
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

static void leaving(void)
{
	next.id = 0;
	if (pthread_create(&next.thread, NULL, load, NULL))
		abort();
	while (!next.id || !waits(next.id))
		usleep(100);
}

static void loaders(char **paths)
{
	struct sched_param lowest = { 0 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) ||
	    sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &lowest))
		abort();
	for (int i = 0; i < 20; i++) {
		void *library = library_open(paths[i % 2]);

		next.path = paths[!(i % 2)];
		next.work = (worker *)(size_t)dlsym(library, "work");
		*(void (**)(void))dlsym(library, "leaving") = leaving;
		for (int k = 0; k < 5; k++)
			next.work(touch, k);
		dlclose(library);
		pthread_join(next.thread, NULL);
	}
	printf("%s\n", next.again > 10 ? "libraries came again"
				       : "no library came again");
}

static int compare(const void *a, const void *b)
{
	touch(80);
	return *(const int *)a - *(const int *)b;
}

/* Frames whose size is known at run time alone, and aligned ones. */
NOINLINE static void odd(int n, long a, long b, long c, long d, long e, long f)
{
	_Alignas(64) volatile char aligned[64];
	volatile char room[n * 16 + 1];
	volatile char *more = __builtin_alloca((size_t)n * 16 + 8);

	aligned[0] = room[0] = more[0] = 1;
	dive(n % 4, 1);
	touch(88);
	sink += aligned[0] + room[0] + more[0] + (int)(a + b + c + d + e + f);
}

static void frames(void)
{
	int numbers[100];

	for (int i = 0; i < 100; i++) {
		numbers[i] = i * 7919 % 101;
		odd(i % 13, 1, 2, 3, 4, 5, 6);
	}
	qsort(numbers, 100, sizeof(*numbers), compare);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} kinds[] = {
		{ "deep", deep },
		{ "jumps", jumps },
		{ "coroutines", coroutines },
		{ "threads", threads },
		{ "signals", signals },
		{ "frames", frames },
	};

	if (argc == 4 && !strcmp(argv[1], "libraries")) {
		libraries((const char *const *)argv + 2);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "loaders")) {
		loaders(argv + 2);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(argv[1], kinds[i].name)) {
			kinds[i].run();
			return 0;
		}
	return 2;
}
