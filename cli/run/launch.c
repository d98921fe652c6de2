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
	/* The kernel's own, a terminal's among them, go to the whole process
	 * group already: they are the program's to judge. */
	if (info->si_code <= 0 && target > 0)
		kill(target, number);
	errno = saved;
}

/* Leaves the forwarded signals blocked until signals_watch. */
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

static void signals_watch(const struct signals *s, pid_t pid)
{
	struct sigaction action = { .sa_sigaction = forward,
				    .sa_flags = SA_SIGINFO | SA_RESTART };

	target = pid;
	for (size_t i = 0; i < COUNT(forwarded); i++)
		sigaction(forwarded[i], &action, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static void signals_restore(const struct signals *s)
{
	for (size_t i = 0; i < COUNT(forwarded); i++)
		sigaction(forwarded[i], &s->forwarded[i], NULL);
	sigaction(SIGCHLD, &s->child, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* execve() by the kernel's own call, which no hook sees: under another refknot
 * it is not that one's to record. An errno, or no return. */
static int execute_unseen(const char *path, char *const argv[],
			  char *const environment[])
{
	long result = SYS_execve;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(path), "S"(argv), "d"(environment)
			 : "rcx", "r11", "memory");
	return (int)-result;
}

static void __attribute__((noreturn))
execute(const struct signals *s, const char *path, const char **arguments,
	int report)
{
	char **argv;
	int error;

	signals_restore(s);
	if (ignores_size)
		sigaction(SIGXFSZ, &size, NULL);
	memcpy(&argv, &arguments, sizeof(argv)); /* execv changes none of it */
	error = execute_unseen(path, argv, environ);
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* What the child says through the pipe: nothing when exec closed it. */
static int exec_error(int fd)
{
	int error = 0;

	while (read(fd, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	return error;
}

/* Its number is not forgotten before forwarding ends, or another gets them. */
static void wait_for(pid_t pid, int *status)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) &&
	       errno == EINTR)
		;
	target = 0;
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

void launch_ignore_size(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	ignores_size = !sigaction(SIGXFSZ, &ignore, &size);
}

int launch(const char *path, const char **arguments, pid_t *pid, int *status)
{
	struct signals signals;
	int pipes[2], error;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	signals_take(&signals);
	*pid = fork();
	if (*pid == 0)
		execute(&signals, path, arguments, pipes[1]);
	error = *pid < 0 ? errno : 0;
	close(pipes[1]);
	if (!error) {
		signals_watch(&signals, *pid);
		error = exec_error(pipes[0]);
		wait_for(*pid, status);
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
