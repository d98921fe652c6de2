/* SPDX-License-Identifier: MIT */
/*
 * Prints every signal's action as the C library tells it, after each way to
 * set one; must print the same with and without refknot.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void (*function)(int);
function bsd_signal(int number, function f);
int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

static void handler(int number)
{
	(void)number;
}

static const char *name(function f)
{
	if (f == SIG_DFL)
		return "default";
	if (f == SIG_IGN)
		return "ignore";
	if (f == SIG_ERR)
		return "error";
	if (f == SIG_HOLD)
		return "hold";
	return f == handler ? "handler" : "SOMETHING ELSE";
}

/* The mask has more bytes than the kernel writes; what the C library has in the
 * others is left on its stack. */
static void tell(int number, const struct sigaction *a)
{
	printf(" %d:%s,%x,%lx,%s", number, name(a->sa_handler),
	       (unsigned)a->sa_flags, *(const unsigned long *)&a->sa_mask,
	       a->sa_restorer ? "returns" : "nowhere");
}

static void tell_all(const char *after)
{
	struct sigaction a;

	printf("after %s:", after);
	for (int i = -1; i < 67; i++) {
		memset(&a, 0x55, sizeof(a));
		if (sigaction(i, NULL, &a))
			printf(" %d:errno %d", i, errno);
		else
			tell(i, &a);
	}
	putchar('\n');
}

static const struct way {
	const char *name;
	function (*set)(int, function);
} ways[] = {
	{ "signal", signal },
	{ "bsd_signal", bsd_signal },
	{ "ssignal", ssignal },
	{ "sysv_signal", sysv_signal },
	{ "__sysv_signal", __sysv_signal },
	{ "sigset", sigset },
};

static const function functions[] = { SIG_DFL, handler, SIG_DFL, SIG_IGN,
				      SIG_DFL };

static void try_way(const struct way *w)
{
	for (size_t k = 0; k < sizeof(functions) / sizeof(*functions); k++) {
		printf("%s to %s was:", w->name, name(functions[k]));
		for (int i = -1; i < 67; i++) {
			errno = 0;
			printf(" %s", name(w->set(i, functions[k])));
			if (errno)
				printf(" errno %d", errno);
		}
		putchar('\n');
		tell_all(w->name);
	}
}

static void try_sigaction(int (*f)(int, const struct sigaction *,
				   struct sigaction *))
{
	struct sigaction a = { .sa_handler = SIG_DFL }, old;

	memset(&old, 0x55, sizeof(old));
	for (size_t k = 0; k < sizeof(functions) / sizeof(*functions); k++) {
		a.sa_handler = functions[k];
		a.sa_flags = k % 2 ? SA_NODEFER : SA_ONSTACK | SA_SIGINFO;
		sigaddset(&a.sa_mask, SIGUSR1 + (int)k);
		if (k == 4)
			sigfillset(&a.sa_mask);
		for (int i = 1; i < 65; i++)
			if (!f(i, &a, &old))
				tell(i, &old);
		tell_all("sigaction");
	}
}

/* A flag of defaults, too, and what signal() sets from then on. */
static void try_interrupt(void)
{
	for (int interrupts = 0; interrupts < 3; interrupts++) {
		for (int i = -1; i < 67; i++) {
			errno = 0;
			printf(" %d", siginterrupt(i, interrupts % 2));
			if (errno)
				printf(" errno %d", errno);
		}
		tell_all("siginterrupt");
		signal(SIGUSR1, handler);
		signal(SIGTERM, SIG_DFL);
		tell_all("signal");
		signal(SIGUSR1, SIG_DFL);
	}
}

/* More pairs of flags and mask than are common. */
static void try_many(void)
{
	struct sigaction a = { .sa_handler = SIG_DFL };

	for (int i = 0; i < 200; i++) {
		sigemptyset(&a.sa_mask);
		sigaddset(&a.sa_mask, 1 + i % 31);
		a.sa_flags = i % 7 ? SA_RESTART : 0x00000400; /* no flag */
		sigaction(SIGTERM, &a, NULL);
		if (i % 20 == 0)
			tell_all("many");
	}
}

static void try_hold(void)
{
	printf("hold: %s", name(sigset(SIGUSR1, SIG_HOLD)));
	printf(" %s", name(sigset(SIGUSR1, SIG_DFL)));
	printf(" %s", name(sigset(SIGUSR1, SIG_HOLD)));
	printf(" %s\n", name(sigset(SIGUSR1, handler)));
	sigset(SIGUSR1, SIG_DFL);
	sigignore(SIGPIPE);
	tell_all("hold");
	signal(SIGPIPE, SIG_DFL);
}

/* What a child has from us. */
static void try_child(const char *self)
{
	int status = -1;

	fflush(stdout);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, handler);
	if (!fork()) {
		execl(self, self, "told", NULL);
		_exit(1);
	}
	wait(&status);
	printf("child: %x\n", status);
	if (!fork())
		raise(SIGTERM);
	wait(&status);
	printf("child: %x\n", status);
}

int main(int argc, char **argv)
{
	tell_all("start");
	if (argc > 1)
		return 0;
	try_sigaction(sigaction);
	try_sigaction(__sigaction);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		try_way(&ways[i]);
	try_hold();
	try_interrupt();
	try_many();
	try_child(argv[0]);
	return 0;
}
