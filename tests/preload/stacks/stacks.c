/* SPDX-License-Identifier: MIT */
/*
 * Call stacks that are hard to follow, one kind a run: `stacks KIND`. Each
 * allocates at many places; what it allocates does not matter, only from where.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

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

/*
 * Two libraries of one layout, whose frames differ: loaded at one place in
 * turn, the same return address has another rule each time.
 */
static void libraries(const char *const *paths)
{
	void *last = NULL;
	int again = 0;

	for (int i = 0; i < 200; i++) {
		void *library = dlopen(paths[i % 2], RTLD_NOW);
		void (*work)(void (*)(size_t), int);

		if (!library)
			abort();
		work = (void (*)(void (*)(size_t), int))(size_t)dlsym(library,
								      "work");
		again += (void *)(size_t)work == last;
		last = (void *)(size_t)work;
		work(touch, i % 5);
		dlclose(library);
	}
	printf("%s\n",
	       again > 100 ? "libraries came again" : "no library came again");
}

/* The same by two threads: a place may have another library before the call that
 * unloaded the last one returns. */
static void *load(void *paths)
{
	for (int i = 0; i < 200; i++) {
		void *library = dlopen(((char **)paths)[i % 2], RTLD_NOW);
		void (*work)(void (*)(size_t), int);

		if (!library)
			abort();
		work = (void (*)(void (*)(size_t), int))(size_t)dlsym(library,
								      "work");
		for (int k = 0; k < 20; k++)
			work(touch, k % 5);
		dlclose(library);
	}
	return NULL;
}

static void loaders(char **paths)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, load, paths))
		abort();
	load(paths);
	pthread_join(thread, NULL);
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
