// SPDX-License-Identifier: MIT
/*
 * "scant WHERE LEFT HOW SIGNAL": loses 100 bytes, and dies of a signal on a
 * stack on which LEFT bytes are left: a coroutine's or a thread's. "scant tell"
 * and so on: what a program sees of signal stacks afterwards.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "hooks.h"

#define PAGE 4096ul
#define SIZE (64ul << 10)

static ucontext_t own, other;
static char *low; /* of the stack in use */
static size_t left;
static int number;
static void (*act)(void);
static sigset_t all;

static char *new_stack(void)
{
	char *p = mmap(NULL, SIZE + PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, PAGE, PROT_NONE))
		_exit(9);
	return p + PAGE;
}

static void send(void)
{
	kill(getpid(), number);
}

static void send_here(void)
{
	raise(number);
}

static void divide(void)
{
	volatile int zero = 0;

	number = 1000 / zero;
}

/* Only %r12 knows the block when the signal comes. */
static void send_with_register(void)
{
	void *p = malloc(200);

	__asm__ volatile("mov %0, %%r12\n"
			 "xor %%eax, %%eax\n"
			 "mov %%rax, %0\n"
			 "mov %1, %%esi\n"
			 "mov $39, %%eax\n" /* getpid */
			 "syscall\n"
			 "mov %%eax, %%edi\n"
			 "mov $62, %%eax\n" /* kill */
			 "syscall\n"
			 : "+r"(p)
			 : "b"(number)
			 : "r12", "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

static void nothing(void)
{
}

__attribute__((noinline)) static void deep(void)
{
	char *here = __builtin_frame_address(0);
	volatile char *p = __builtin_alloca((size_t)(here - low) - left);

	p[0] = 1;
	act();
	p[0] = 2;
}

/* Off the stack, and so that it may be as small as it was once thought fit. */
static void use_signal_stack(void)
{
	stack_t stack = { .ss_sp = new_stack(), .ss_size = 8192 };

	if (sigaltstack(&stack, NULL))
		puts("the kernel wants more");
}

static void *in_thread(void *unused)
{
	(void)unused;
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	free(malloc(10));
	deep();
	return NULL;
}

static void run_coroutine(void)
{
	low = new_stack();
	getcontext(&other);
	other.uc_stack.ss_sp = low;
	other.uc_stack.ss_size = SIZE;
	other.uc_link = &own;
	makecontext(&other, deep, 0);
	swapcontext(&own, &other);
}

static void run_thread(void)
{
	pthread_attr_t a;
	pthread_t t;

	low = new_stack();
	sigfillset(&all); /* no other thread gets it */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_attr_init(&a);
	pthread_attr_setstack(&a, low, SIZE);
	if (pthread_create(&t, &a, in_thread, NULL))
		_exit(9);
	pthread_join(t, NULL);
	munmap(low - PAGE, SIZE + PAGE);
}

/* More threads than there can be stacks for at a time, one after the other. */
static void run_threads(void)
{
	void (*last)(void) = act;

	act = nothing;
	for (int i = 0; i < 1500; i++) {
		run_thread();
		if (i % 3 == 0) /* the next ones are somewhere else */
			new_stack();
	}
	act = last;
	run_thread();
}

static void run_child(void)
{
	void (*last)(void) = act;
	int status;
	pid_t pid;

	act = nothing;
	run_coroutine();
	act = last;
	pid = fork();
	if (!pid) {
		lose(50);
		scrub();
		run_coroutine();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("child %d\n", status);
	fflush(stdout);
	act();
}

/* It has a signal stack, and a handler that runs there. */
static void run_with_own(void)
{
	struct sigaction action = { .sa_handler = exit,
				    .sa_flags = SA_ONSTACK };

	use_signal_stack();
	sigaction(SIGUSR2, &action, NULL);
	run_coroutine();
}

/* It takes one when it is on little stack already, and gives it back. */
static void run_and_take(void)
{
	void (*last)(void) = act;
	stack_t none = { .ss_flags = SS_DISABLE };

	act = use_signal_stack;
	left = 30000;
	run_coroutine();
	left = 1000;
	act = last;
	sigaltstack(&none, NULL);
	run_coroutine();
}

/* --- What is seen of it ---------------------------------------------------------- */

static void tell(const char *when)
{
	struct sigaction action;
	stack_t now = { .ss_sp = &now, .ss_flags = 77, .ss_size = 88 };
	int result = sigaltstack(NULL, &now);

	sigaction(SIGTERM, NULL, &action);
	printf("%s: %d, stack %d %d %zu, action %d %d\n", when, result,
	       now.ss_sp != NULL, now.ss_flags, now.ss_size,
	       action.sa_handler == SIG_DFL, action.sa_flags);
	fflush(stdout);
}

static void see(void)
{
	static char mine[2048];
	stack_t stack = { .ss_sp = mine, .ss_size = sizeof(mine) };
	stack_t small = { .ss_sp = mine, .ss_size = 100 };
	stack_t none = { .ss_flags = SS_DISABLE }, old = { 0 };
	int result;

	tell("before");
	run_coroutine();
	tell("after");
	result = sigaltstack(&small, &old);
	printf("too small: %d %d\n", result, old.ss_flags);
	result = sigaltstack((const stack_t *)8, &old);
	printf("unreadable: %d\n", result);
	tell("still");
	result = sigaltstack(&stack, &old);
	printf("set: %d %d %d\n", result, old.ss_sp != NULL, old.ss_flags);
	tell("mine");
	result = sigaltstack(&none, &old);
	printf("none: %d %d %d\n", result, old.ss_sp == mine, old.ss_flags);
	tell("none");
	run_coroutine();
	tell("again");
	sigaltstack(&stack, NULL);
}

static char *volatile limits[2];

static void on_signal(int n, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	char here;

	(void)info;
	printf("handler %d: %s stack, %zu\n", n,
	       &here > limits[0] && &here < limits[1] ? "this" : "another",
	       u->uc_stack.ss_size);
	fflush(stdout);
}

/* A handler that would run on a signal stack, if there were one. */
static void handle(void)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_ONSTACK | SA_SIGINFO };
	char here[1];

	limits[0] = here - 32768;
	limits[1] = here + 32768;
	run_coroutine();
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	tell("after");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*f)(void);
	} wheres[] = { { "coroutine", run_coroutine },
		       { "thread", run_thread },
		       { "threads", run_threads },
		       { "child", run_child },
		       { "own", run_with_own },
		       { "take", run_and_take },
		       { "see", see },
		       { "handle", handle } },
	  hows[] = { { "kill", send },
		     { "raise", send_here },
		     { "abort", abort },
		     { "divide", divide },
		     { "register", send_with_register },
		     { "nothing", nothing } };

	lose(100);
	scrub();
	if (argc < 5)
		return 2;
	left = strtoul(argv[2], NULL, 10);
	number = atoi(argv[4]);
	kill(getpid(), 0); /* what the loader takes for a first call is over */
	raise(0);
	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++)
		if (strcmp(argv[3], hows[i].name) == 0)
			act = hows[i].f;
	for (size_t i = 0; i < sizeof(wheres) / sizeof(*wheres); i++)
		if (strcmp(argv[1], wheres[i].name) == 0)
			wheres[i].f();
	raise(number);
	return 0;
}
