/* SPDX-License-Identifier: MIT */
/*
 * Loses 100 bytes, keeps 200 in a register alone and 300 in a variable, and
 * dies in the way that argument 1 names.
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "hooks.h"

static void *kept;

/* Only %r12 knows the block when the signal comes. */
static void die_with_register(int number)
{
	void *p = malloc(200);

	fflush(stdout);
	scrub();
	__asm__ volatile("mov %0, %%r12\n"
			 "xor %%eax, %%eax\n"
			 "mov %%rax, %0\n"
			 "mov %1, %%edx\n"
			 "mov $39, %%eax\n" /* getpid */
			 "syscall\n"
			 "mov %%eax, %%edi\n"
			 "mov $186, %%eax\n" /* gettid */
			 "syscall\n"
			 "mov %%eax, %%esi\n"
			 "mov $234, %%eax\n" /* tgkill */
			 "syscall\n"
			 : "+r"(p)
			 : "b"(number)
			 : "r12", "rax", "rdi", "rsi", "rdx", "rcx", "r11",
			   "memory");
}

static void once(int number)
{
	(void)number;
	puts("once");
	fflush(stdout);
}

/* Its own handler, which puts the default back and raises again. */
static void again(int number)
{
	puts("again");
	fflush(stdout);
	signal(number, SIG_DFL);
	raise(number);
}

static void leave(int number)
{
	(void)number;
	puts("leave");
	fflush(stdout);
	exit(5);
}

/* With an alternate stack as small as the kernel takes. */
static void raise_narrowly(int number)
{
	static char other[2048];
	stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };

	if (sigaltstack(&stack, NULL))
		puts("the kernel wants more");
	fflush(stdout);
	raise(number);
}

static int deeper(int n)
{
	volatile char frame[1000];

	frame[0] = (char)n;
	return n == INT_MAX ? 0 : deeper(n + 1) + frame[0];
}

static void overflow_alternate(void)
{
	static char other[1 << 16];
	stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };
	struct sigaction action = { .sa_handler = again,
				    .sa_flags = SA_ONSTACK };

	sigaltstack(&stack, NULL);
	if (kept)
		sigaction(SIGSEGV, &action, NULL);
	deeper(0);
}

/* From an array of its own over what the kernel put there, up to the end. */
static void smear(void)
{
	volatile char frame[16], *p = frame;

	OPAQUE(p);
	for (;;)
		*p++ = 'C';
}

/* Over what the kernel put there alone, none of which the program needs. */
static void smear_and_execute(void)
{
	char name[] = "true", *const arguments[] = { name, NULL };
	char *const none[] = { NULL };
	char *last = (char *)getauxval(AT_EXECFN), **e = environ;
	volatile char *p;

	while (*e)
		e++;
	last += strlen(last) + sizeof(void *);
	for (p = (volatile char *)(e + 1); p <= last; p++)
		*p = 'C';
	execve("/bin/true", arguments, none);
}

static void *raise_it(void *number)
{
	raise((int)(intptr_t)number);
	return NULL;
}

static void *fault(void *unused)
{
	(void)unused;
	*(volatile char *)8 = 1;
	return NULL;
}

static void die_together(void)
{
	pthread_t t[16];

	for (int i = 0; i < 16; i++)
		pthread_create(&t[i], NULL, fault, NULL);
	pause();
}

static void in_thread(int number)
{
	pthread_t t;

	pthread_create(&t, NULL, raise_it, (void *)(intptr_t)number);
	pthread_join(t, NULL);
}

static void expire(int which)
{
	struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	volatile int n = 0;

	setitimer(which, &soon, NULL);
	for (;;)
		n++;
}

static void divide(void)
{
	volatile int zero = 0;

	kept = (void *)(intptr_t)(1000 / zero);
}

static void beyond_a_file(void)
{
	FILE *f = tmpfile();
	volatile char *p =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);

	p[0] = 1;
}

/* The allocator finds its own heap broken and calls abort(). */
static void free_twice(void)
{
	char *p = malloc(2000), *q = malloc(20);

	memset(p - 16, 0x41, 16);
	OPAQUE(p);
	free(p);
	OPAQUE(q);
}

static void reset_handler(void)
{
	struct sigaction action = { .sa_handler = once,
				    .sa_flags = SA_RESETHAND };

	sigaction(SIGTERM, &action, NULL);
	raise(SIGTERM);
	raise(SIGTERM);
}

/* One that somebody sent, not an instruction, waits for as long as it is blocked:
 * to the end, too. */
static void leave_pending(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), number);
	sigpending(&set);
	printf("waits: %d\n", sigismember(&set, number));
	fflush(stdout);
}

static void with_handler(void (*f)(int), int number)
{
	signal(number, f);
	raise(number);
}

static void die(const char *how, int number)
{
	if (!strcmp(how, "raise"))
		raise(number);
	if (!strcmp(how, "narrow"))
		raise_narrowly(number);
	if (!strcmp(how, "register"))
		die_with_register(number);
	if (!strcmp(how, "kill"))
		kill(getpid(), number);
	if (!strcmp(how, "thread"))
		in_thread(number);
	if (!strcmp(how, "together"))
		die_together();
	if (!strcmp(how, "null"))
		fault(NULL);
	if (!strcmp(how, "divide"))
		divide();
	if (!strcmp(how, "illegal"))
		__asm__ volatile("ud2");
	if (!strcmp(how, "trap"))
		__asm__ volatile("int3");
	if (!strcmp(how, "bus"))
		beyond_a_file();
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "twice"))
		free_twice();
	if (!strcmp(how, "overflow"))
		deeper(0);
	if (!strcmp(how, "smear"))
		smear();
	if (!strcmp(how, "execute"))
		smear_and_execute();
	if (!strcmp(how, "alternate"))
		overflow_alternate();
	if (!strcmp(how, "profile"))
		expire(ITIMER_PROF);
	if (!strcmp(how, "alarm"))
		expire(ITIMER_REAL);
	if (!strcmp(how, "again"))
		with_handler(again, number);
	if (!strcmp(how, "leave"))
		with_handler(leave, number);
	if (!strcmp(how, "pending") || !strcmp(how, "behind"))
		leave_pending(number);
	if (!strcmp(how, "behind"))
		raise(SIGTERM);
	if (!strcmp(how, "reset"))
		reset_handler();
}

int main(int argc, char **argv)
{
	lose(100);
	kept = malloc(300);
	scrub();
	puts("begin");
	fflush(stdout);
	die(argv[1], argc > 2 ? atoi(argv[2]) : 0);
	puts("end");
	return 0;
}
