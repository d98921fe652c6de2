/* SPDX-License-Identifier: MIT */
/* Children of all kinds, and programs that are executed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

#define STACK (256 << 10)

static void *new_stack(void)
{
	void *map = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/* The C library's locks are held in between: a handler that allocates must not
 * run there because a child was fast. */
static int fork_quietly(void)
{
	sigset_t child, before;
	int pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	pid = fork();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* A child's whole life. */
static void live(const struct act *a)
{
	act_run(a->first, a->end);
	act_clean();
	if (a->n[1])
		_exit(3);
	exit(4);
}

static int live_on_stack(void *a)
{
	act_stack = (struct act_stack){ .room = ROOM_LARGE };
	act_forked();
	live(a);
	return 0;
}

/* fork:HOW:LEAVES{ } */
void act_do_fork(const struct act *a)
{
	void *stack;
	int pid;

	switch (a->n[0]) {
	case 1:
		pid = _Fork();
		break;
	case 2:
		pid = (int)syscall(SYS_fork);
		break;
	case 3:
		pid = (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		break;
	case 4:
		stack = new_stack();
		if (!stack)
			return;
		pid = clone(live_on_stack, (char *)stack + STACK, SIGCHLD,
			    (void *)(uintptr_t)a);
		act_wait("clone", pid);
		munmap(stack, STACK);
		return;
	default:
		pid = fork_quietly();
	}
	if (!pid) {
		if (a->n[0])
			act_forked();
		live(a);
	}
	act_wait("fork", pid);
}

static NOINLINE int vfork_and_run(const struct act *a)
{
	int pid = vfork();

	if (!pid) {
		act_run(a->first, a->end);
		_exit(5);
	}
	return pid;
}

/* What is unmapped last counts as held. */
static void remove_stack(void *stack)
{
	memset(stack, 0, STACK);
	munmap(stack, STACK);
}

static int run_and_leave(void *data)
{
	const struct act *a = data;

	act_stack = (struct act_stack){ .room = ROOM_LARGE };
	act_run(a->first, a->end);
	_exit(6);
}

/* vfork:HOW{ }: what the body changes of memory stays */
void act_do_vfork(const struct act *a)
{
	struct act_stack before = act_stack;
	sigjmp_buf *catcher = act_catcher;
	void *stack;
	int pid;

	act_catcher = NULL;
	if (a->n[0] == 1) {
		stack = new_stack();
		if (!stack)
			return;
		pid = clone(run_and_leave, (char *)stack + STACK,
			    CLONE_VM | CLONE_VFORK | SIGCHLD,
			    (void *)(uintptr_t)a);
		remove_stack(stack);
	} else {
		pid = vfork_and_run(a);
	}
	act_catcher = catcher;
	act_stack = before;
	act_wait("vfork", pid);
}

/* clonevm{ }: a process that shares the memory, which waits for it */
void act_do_clonevm(const struct act *a)
{
	struct act_stack before = act_stack;
	sigjmp_buf *catcher = act_catcher;
	void *stack = new_stack();
	int pid;

	if (!stack)
		return;
	act_catcher = NULL;
	pid = clone(run_and_leave, (char *)stack + STACK, CLONE_VM | SIGCHLD,
		    (void *)(uintptr_t)a);
	act_wait("clonevm", pid);
	act_catcher = catcher;
	act_stack = before;
	remove_stack(stack);
}

/* Wait until all that have the other end are gone. */
static void wait_for_end(int fd)
{
	struct pollfd end = { .fd = fd };

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	close(fd);
}

/* A pipe whose second end is where the child keeps it. */
static bool open_held(int *ends)
{
	int end;

	if (pipe(ends))
		return false;
	end = fcntl(ends[1], F_DUPFD, ACT_HELD);
	close(ends[1]);
	ends[1] = end;
	if (end < 0)
		close(ends[0]);
	return end >= 0;
}

/* Go on as a child that nobody waits for. Whoever ends here takes no signals
 * meanwhile, as that of a child which is faster. */
static void part(int how)
{
	sigset_t all, before;
	int done;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	done = how ? daemon(1, 1) : fork();
	if (!how && done)
		_exit(0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (how)
		act_say("daemon", done);
}

static void leave_child(const struct act *a, int how)
{
	int ends[2], pid;

	fflush(stdout);
	if (!open_held(ends)) {
		act_tell("pipe", -1);
		return;
	}
	pid = fork_quietly();
	if (!pid) {
		close(ends[0]);
		act_away = true;
		part(how);
		act_run(a->first, a->end);
		act_clean();
		exit(0);
	}
	close(ends[1]);
	wait_for_end(ends[0]);
	act_wait(how ? "daemon's" : "orphan's", pid);
}

/* orphan{ } */
void act_do_orphan(const struct act *a)
{
	leave_child(a, 0);
}

/* daemon{ } */
void act_do_daemon(const struct act *a)
{
	leave_child(a, 1);
}

/* Has it ended? If it has stopped, it gets what it stopped for. */
static bool has_ended(int pid)
{
	siginfo_t now;

	if (waitid(P_PID, (id_t)pid, &now, WEXITED | WSTOPPED | __WALL))
		return errno != EINTR;
	if (now.si_code == CLD_TRAPPED || now.si_code == CLD_STOPPED) {
		ptrace(PTRACE_CONT, pid, 0, now.si_status);
		return false;
	}
	act_say("traced", now.si_code == CLD_EXITED ? now.si_status
						    : 1000 + now.si_status);
	return true;
}

/* traced{ }: a child whose signals its parent sees and passes on. How many it
 * sees is not said: refknot sends those that are fatal once more. */
void act_do_traced(const struct act *a)
{
	int pid = fork_quietly();

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(9);
		live(a);
	}
	while (pid > 0 && !has_ended(pid))
		;
}

static char *long_variable(void)
{
	static char text[100000];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "LONG=", 5);
	return text;
}

/* The environment that is executed with: kept, empty, none, without the
 * preloaded library, cleared, with a long variable. */
static char **environment(long which)
{
	static char *empty[2];

	switch (which) {
	case 1:
		return empty;
	case 2:
		return NULL;
	case 3:
		unsetenv("LD_PRELOAD");
		return environ;
	case 4:
		clearenv();
		return environ;
	case 5:
		empty[0] = long_variable();
		return empty;
	default:
		return environ;
	}
}

static void execute(const struct act *a, char **argv)
{
	char **env = environment(a->n[1]), path[64];
	static char ld[] = "ld";
	char *loader[300] = { ld, act_program };
	int fd;

	switch (a->n[0]) {
	case 1:
		execve("/proc/self/exe", argv, env);
		break;
	case 2:
		if (symlink(act_program, "self") && errno != EEXIST)
			break;
		execve("./self", argv, env);
		break;
	case 3:
		fd = open(act_program, O_RDONLY | O_CLOEXEC);
		fexecve(fd, argv, env);
		break;
	case 4:
		fd = open("/proc/self/exe", O_RDONLY);
		syscall(SYS_execveat, fd, "", argv, env, 0x1000);
		break;
	case 5:
		execve("/proc/thread-self/exe", argv, env);
		break;
	case 6:
		snprintf(path, sizeof(path), "/proc/%d/exe", getpid());
		execve(path, argv, env);
		break;
	case 7:
		for (int i = 1; argv[i]; i++)
			loader[i + 1] = argv[i];
		execve("/lib64/ld-linux-x86-64.so.2", loader, env);
		break;
	case 8:
		syscall(SYS_execve, act_program, argv, env);
		break;
	case 9:
		execvp(act_program, argv);
		break;
	default:
		execve(act_program, argv, env);
	}
	act_tell("exec", -1);
}

static int spawn(const struct act *a, char **argv)
{
	posix_spawn_file_actions_t files;
	int pid, failed;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addclose(&files, 0);
	failed =
	    posix_spawn(&pid, a->n[2] == 2 ? "/proc/self/exe" : act_program,
			&files, NULL, argv, environment(a->n[1]));
	posix_spawn_file_actions_destroy(&files);
	if (failed)
		act_say("posix_spawn", failed);
	return failed ? -1 : pid;
}

/* exec:HOW:ENVIRONMENT:CHILD{ }: the body is the next program's list; with
 * CHILD it is executed by posix_spawn */
void act_do_exec(const struct act *a)
{
	static char *argv[300];
	int count = 0, pid;

	argv[count++] = act_program;
	argv[count++] = act_book;
	argv[count++] = act_plugin;
	for (int i = a->first; i < a->end && count < 290; i++)
		argv[count++] = act_words[i];
	argv[count] = NULL;
	if (!a->n[2]) {
		execute(a, argv);
		return;
	}
	pid = spawn(a, argv);
	if (pid > 0)
		act_wait("spawned", pid);
}

static void make_script(const char *name, const char *text, int mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		act_tell("script", -1);
	close(fd);
}

static void read_from(const char *command)
{
	char line[100];
	FILE *f = popen(command, "r");

	if (!f) {
		act_tell("popen", -1);
		return;
	}
	while (fgets(line, sizeof(line), f))
		act_say(line, 0);
	act_say_status("pclose", pclose(f));
}

static void run_file(const char *path)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	int pid = fork_quietly();

	if (!pid) {
		execvp(path, argv);
		act_tell("execvp", -1);
		fflush(stdout);
		_exit(7);
	}
	act_wait(path, pid);
}

/* run:WHICH: programs that are not this one */
void act_do_run(const struct act *a)
{
	fflush(stdout);
	switch (a->n[0]) {
	case 0:
		run_file("true");
		break;
	case 1:
		run_file("/nowhere/at/all");
		break;
	case 2:
		run_file("/sbin/ldconfig.real");
		break;
	case 3:
		act_say_status("system", system("exit 3"));
		break;
	case 4:
		read_from("echo one; kill -9 $$");
		break;
	case 5:
		make_script("plain", "echo plain\n", 0755);
		run_file("./plain");
		break;
	case 6:
		make_script("hashed", "#!/bin/sh\necho hashed\n", 0755);
		run_file("./hashed");
		break;
	case 7:
		make_script("closed", "x", 0600);
		run_file("./closed");
		break;
	case 8:
		run_file("/tmp");
		break;
	case 9:
		make_script("broken", "\177ELF and no more", 0755);
		run_file("./broken");
		break;
	default:
		read_from("/sbin/ldconfig --version | head -n 1 | cut -c 1-8");
	}
}
