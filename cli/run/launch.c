/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Also where our caller ignores them: the program may have a handler of its own
 * by then, as it would without us; else the kernel drops them. */
static const int forwarded[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
				 SIGUSR1, SIGUSR2, SIGCONT };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct signals { /* as our caller left them */
	struct sigaction forwarded[COUNT(forwarded)];
	struct sigaction child;
	sigset_t mask;
};

static struct sigaction size; /* SIGXFSZ as our caller left it */
static bool ignores_size;

static volatile pid_t target; /* set while the forwarded ones are blocked */

static void forward(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	/* The kernel sends its own, such as a terminal's, to the whole process
	 * group: the program has got them. */
	if (info->si_code <= 0 && target > 0)
		kill(target, number);
	errno = saved;
}

/* Leaves the forwarded signals blocked. */
static void signals_take(struct signals *s)
{
	/* ignored, it would take the status away */
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < COUNT(forwarded); i++)
		sigaddset(&block, forwarded[i]);
	sigprocmask(SIG_BLOCK, &block, &s->mask);
	sigaction(SIGCHLD, &action, &s->child);
	for (size_t i = 0; i < COUNT(forwarded); i++)
		sigaction(forwarded[i], NULL, &s->forwarded[i]);
}

static void signals_restore(const struct signals *s)
{
	for (size_t i = 0; i < COUNT(forwarded); i++)
		sigaction(forwarded[i], &s->forwarded[i], NULL);
	sigaction(SIGCHLD, &s->child, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* In the child, whose memory is its parent's: no handler may run in it, and exec
 * sets these to the default anyway. */
static void signals_leave(const struct signals *s)
{
	struct signals plain = *s;

	for (size_t i = 0; i < COUNT(forwarded); i++)
		if (plain.forwarded[i].sa_handler != SIG_IGN)
			plain.forwarded[i] =
			    (struct sigaction){ .sa_handler = SIG_DFL };
	signals_restore(&plain);
	if (ignores_size)
		sigaction(SIGXFSZ, &size, NULL);
}

static void __attribute__((noreturn))
execute(const struct signals *s, const char *path, const char **arguments,
	volatile int *error)
{
	long result = SYS_execve;
	char **argv;

	signals_leave(s);
	memcpy(&argv, &arguments, sizeof(argv)); /* execv changes none of it */
	/* By the kernel's own call, which no hook sees: under another refknot
	 * the program is not that one's to record. Returns only an error. */
	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(path), "S"(argv), "d"(environ)
			 : "rcx", "r11", "memory");
	*error = (int)-result;
	_exit(127);
}

/* By vfork(): fork() would copy the page tables of refknot and all its libraries.
 * The parent goes on when the program was executed, or could not be. */
static pid_t start(const struct signals *s, const char *path,
		   const char **arguments, int *error)
{
	volatile int failed = 0;
	pid_t pid = vfork();

	if (pid == 0)
		execute(s, path, arguments, &failed);
	*error = pid < 0 ? errno : failed;
	return pid;
}

static void run_meanwhile(const struct launch_meanwhile *m, pid_t pid)
{
	int ended = (int)syscall(SYS_pidfd_open, pid, 0);

	m->run(ended, pid, m->data);
	if (ended >= 0)
		close(ended);
}

void launch_ignore_size(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	ignores_size = !sigaction(SIGXFSZ, &ignore, &size);
}

int launch(const char *path, const char **arguments,
	   const struct launch_meanwhile *meanwhile, pid_t *pid, int *status)
{
	struct sigaction action = { .sa_sigaction = forward,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct signals signals;
	siginfo_t info;
	int error;

	signals_take(&signals);
	*pid = start(&signals, path, arguments, &error);
	if (*pid > 0) {
		target = *pid;
		for (size_t i = 0; i < COUNT(forwarded); i++)
			sigaction(forwarded[i], &action, NULL);
		sigprocmask(SIG_SETMASK, &signals.mask, NULL);
		if (!error && meanwhile)
			run_meanwhile(meanwhile, *pid);
		/* Keeps the child's number until forwarding ends, so that no
		 * other process gets the signals. */
		while (waitid(P_PID, (id_t)*pid, &info, WEXITED | WNOWAIT) &&
		       errno == EINTR)
			;
		target = 0;
		while (waitpid(*pid, status, 0) < 0 && errno == EINTR)
			;
	}
	signals_restore(&signals);
	return -error;
}

int launch_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
