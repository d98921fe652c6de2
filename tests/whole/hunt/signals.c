/* SPDX-License-Identifier: MIT */
/* Handlers, what they do, and what the program is told of them. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "act.h"

#define MOST_RUNS 12

static _Thread_local char *alternate; /* the last signal stack that was set */
static _Thread_local size_t alternate_size;
static struct act bodies[NSIG];
static volatile sig_atomic_t runs, tick_count, children;

static void handle(int number)
{
	struct act_stack before = act_stack;
	char *here = __builtin_frame_address(0);
	int error = errno;

	if (++runs > MOST_RUNS)
		_exit(77);
	if (here >= alternate && here < alternate + alternate_size)
		act_stack = (struct act_stack){ ROOM_TINY, alternate };
	act_say("handler", number);
	act_run(bodies[number].first, bodies[number].end);
	act_stack = before;
	errno = error;
}

static void handle_more(int number, siginfo_t *info, void *context)
{
	(void)context;
	act_say("code", info->si_code);
	handle(number);
}

static int flags_of(long bits)
{
	static const unsigned flags[] = { SA_SIGINFO, SA_ONSTACK, SA_NODEFER,
					  SA_RESETHAND, SA_RESTART };
	unsigned all = 0;

	for (int i = 0; i < 5; i++)
		if (bits & 1 << i)
			all |= flags[i];
	return (int)all;
}

/* on:SIGNAL:FLAGS:BLOCKS{ }: flags as bits, see above; all signals blocked */
void act_do_on(const struct act *a)
{
	struct sigaction action = { .sa_flags = flags_of(a->n[1]) };

	if (a->n[2])
		sigfillset(&action.sa_mask);
	if (action.sa_flags & SA_SIGINFO)
		action.sa_sigaction = handle_more;
	else
		action.sa_handler = handle;
	bodies[a->n[0]] = *a;
	act_tell("on", sigaction((int)a->n[0], &action, NULL));
}

/* ignore:SIGNAL */
void act_do_ignore(const struct act *a)
{
	act_say("ignore", signal((int)a->n[0], SIG_IGN) != SIG_ERR);
}

/* default:SIGNAL:FLAGS */
void act_do_default(const struct act *a)
{
	struct sigaction action = { .sa_handler = SIG_DFL,
				    .sa_flags = flags_of(a->n[1]) };

	sigaddset(&action.sa_mask, SIGINT);
	act_tell("default", sigaction((int)a->n[0], &action, NULL));
}

/* query:SIGNAL */
void act_do_query(const struct act *a)
{
	struct sigaction is = { .sa_flags = 0 };
	stack_t stack = { .ss_flags = -1 };
	sigset_t mask;

	sigemptyset(&mask);
	act_tell("query", sigaction((int)a->n[0], NULL, &is));
	act_say("handler is", is.sa_handler == SIG_DFL   ? 0
			      : is.sa_handler == SIG_IGN ? 1
			      : is.sa_handler == handle  ? 2
							 : 3);
	act_say("flags", is.sa_flags & ~0x04000000);
	act_say("masks", sigismember(&is.sa_mask, SIGINT) +
			     2 * sigismember(&is.sa_mask, SIGTERM));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	act_say("blocked", sigismember(&mask, (int)a->n[0]));
	sigaltstack(NULL, &stack);
	act_say("stack", stack.ss_flags);
	act_say("of", (long)stack.ss_size);
}

/* raise:SIGNAL:HOW */
void act_do_raise(const struct act *a)
{
	int number = (int)a->n[0];
	union sigval value = { .sival_int = 7 };
	long done;

	switch (a->n[1]) {
	case 1:
		done = kill(getpid(), number);
		break;
	case 2:
		done = syscall(SYS_tgkill, getpid(), gettid(), number);
		break;
	case 3:
		done = sigqueue(getpid(), number, value);
		break;
	default:
		done = raise(number);
	}
	act_tell("raise", done);
}

static void mask(const char *what, int how, long number)
{
	sigset_t set;

	sigemptyset(&set);
	if (number)
		sigaddset(&set, (int)number);
	else
		sigfillset(&set);
	act_tell(what, sigprocmask(how, &set, NULL));
}

/* block:SIGNAL; 0: all */
void act_do_block(const struct act *a)
{
	mask("block", SIG_BLOCK, a->n[0]);
}

/* unblock:SIGNAL */
void act_do_unblock(const struct act *a)
{
	mask("unblock", SIG_UNBLOCK, a->n[0]);
}

/* pending */
void act_do_pending(const struct act *a)
{
	sigset_t set;
	long all = 0;

	(void)a;
	sigpending(&set);
	for (int i = 1; i < 64; i++)
		if (sigismember(&set, i) == 1)
			all += i;
	act_say("pending", all);
}

/* altstack:SIZE; 0: none from here on */
void act_do_altstack(const struct act *a)
{
	stack_t stack = { .ss_flags = SS_DISABLE };

	if (a->n[0]) {
		void *map = mmap(NULL, (size_t)a->n[0], PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED)
			return;
		stack.ss_sp = map;
		stack.ss_size = (size_t)a->n[0];
		stack.ss_flags = 0;
	}
	if (a->n[0]) {
		alternate = stack.ss_sp;
		alternate_size = stack.ss_size;
	}
	act_tell("altstack", sigaltstack(&stack, NULL));
}

/* alarm: a timer's, which is waited for */
void act_do_alarm(const struct act *a)
{
	struct itimerval soon = { .it_value = { .tv_usec = 300 } };
	sigset_t set, old;
	struct sigaction is;
	int before = runs;

	(void)a;
	sigaction(SIGALRM, NULL, &is);
	if (is.sa_handler == SIG_IGN)
		return; /* it would never come */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigdelset(&old, SIGALRM);
	setitimer(ITIMER_REAL, &soon, NULL);
	sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	act_say("alarm", runs - before);
}

static void tick(int number)
{
	(void)number;
	tick_count++;
}

/* ticks:COUNT: signals of a timer while it allocates */
void act_do_ticks(const struct act *a)
{
	struct sigaction action = { .sa_handler = tick,
				    .sa_flags = SA_RESTART },
			 old;
	struct itimerval often = { { 0, 150 }, { 0, 150 } }, none = { 0 };
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGVTALRM);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &set, &before);
	sigaction(SIGALRM, NULL, &old);
	sigaction(SIGVTALRM, &action, NULL);
	tick_count = 0;
	if (setitimer(ITIMER_VIRTUAL, &often, NULL))
		return;
	for (long i = 0; tick_count < a->n[0] && i < 30000000; i++)
		free(malloc((size_t)(16 + i % 512)));
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	signal(SIGVTALRM, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	act_say("ticks", tick_count >= a->n[0]);
}

/* Each frame is written whole: what stood there before would be a root. */
static NOINLINE int deeper(int n)
{
	volatile char frame[1000];

	for (unsigned i = 0; i < sizeof(frame); i++)
		frame[i] = (char)n;
	return n == INT_MAX ? 0 : deeper(n + 1) + frame[0];
}

/* fault:HOW */
void act_do_fault(const struct act *a)
{
	volatile int zero = 0;

	switch (a->n[0]) {
	case 0:
		*(volatile char *)8 = 1;
		break;
	case 1:
		zero = 1 / zero;
		break;
	case 2:
		__builtin_trap();
	case 3:
		deeper(0);
		break;
	case 4:
		__asm__ volatile("int3");
		break;
	case 5:
		((void (*)(void))16)();
		break;
	case 6:
		__asm__ volatile("hlt");
		break;
	default:
		*(volatile char *)0x8000000000000000 = 1;
	}
}

/* To wait here would be a race with who waits for that child. */
static void count_child(int number)
{
	(void)number;
	children++;
}

/* chld:HOW: who waits for children */
void act_do_chld(const struct act *a)
{
	struct sigaction action = { .sa_handler = SIG_DFL,
				    .sa_flags = SA_NOCLDWAIT };

	if (a->n[0] == 0)
		action = (struct sigaction){ .sa_handler = count_child };
	else if (a->n[0] == 1)
		action.sa_handler = SIG_IGN;
	act_tell("chld", sigaction(SIGCHLD, &action, NULL));
}

/* catch{ }: what is left by jump goes on behind it */
void act_do_catch(const struct act *a)
{
	sigjmp_buf here, *outer = act_catcher;
	struct act_stack stack = act_stack;

	if (!sigsetjmp(here, 1)) {
		act_catcher = &here;
		act_run(a->first, a->end);
	} else {
		act_say("caught", 1);
	}
	act_catcher = outer;
	act_stack = stack;
}

/* jump */
void act_do_jump(const struct act *a)
{
	(void)a;
	if (act_catcher)
		siglongjmp(*act_catcher, 1);
	act_say("jump", 0);
}
