/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
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

static void __attribute__((noreturn))
execute(const struct signals *s, const char *path, const char **arguments,
	int report)
{
	long result = SYS_execve;
	char **argv;
	int error;

	signals_restore(s);
	if (ignores_size)
		sigaction(SIGXFSZ, &size, NULL);
	memcpy(&argv, &arguments, sizeof(argv)); /* execv changes none of it */
	/* By the kernel's own call, which no hook sees: under another refknot
	 * the program is not that one's to record. Returns only an error. */
	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(path), "S"(argv), "d"(environ)
			 : "rcx", "r11", "memory");
	error = (int)-result;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

void launch_ignore_size(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	ignores_size = !sigaction(SIGXFSZ, &ignore, &size);
}

int launch(const char *path, const char **arguments, pid_t *pid, int *status)
{
	struct sigaction action = { .sa_sigaction = forward,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct signals signals;
	int pipes[2], error;
	siginfo_t info;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	signals_take(&signals);
	*pid = fork();
	if (*pid == 0)
		execute(&signals, path, arguments, pipes[1]);
	error = *pid < 0 ? errno : 0;
	close(pipes[1]);
	if (!error) {
		target = *pid;
		for (size_t i = 0; i < COUNT(forwarded); i++)
			sigaction(forwarded[i], &action, NULL);
		sigprocmask(SIG_SETMASK, &signals.mask, NULL);
		/* The child writes nothing if exec closed the pipe. */
		while (read(pipes[0], &error, sizeof(error)) < 0 &&
		       errno == EINTR)
			;
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
	close(pipes[0]);
	return -error;
}

int launch_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
