/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters where nothing is recorded yet, or any more, or not by the
 * process that installs one. Loses 100 bytes and does what argument 1 says.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"
#include "hooks.h"

void __lsan_do_leak_check(void) __attribute__((weak));

static struct sock_filter few[] = { FEW, END(SECCOMP_RET_KILL_PROCESS) };
/* More heap for a thread. */
static struct sock_filter in_thread[] = { FEW, ALLOW(SYS_mprotect),
					  ALLOW(SYS_prctl),
					  END(SECCOMP_RET_KILL_PROCESS) };
static struct sock_filter no_list[] = {
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getdents64, 0, 1),
	END(SECCOMP_RET_KILL_PROCESS), END(SECCOMP_RET_ALLOW)
};
static struct sock_filter no_end[] = { NUMBER, NUMBER };

static void crash(void)
{
	*(volatile char *)8 = 1;
}

static void tell(const char *what)
{
	if (write(1, what, strlen(what)) < 0)
		_exit(3);
}

static void allocates(void)
{
	tell(INSTALL(few) || !lose(44) ? "no\n" : "yes\n");
	_exit(0);
}

static void crashes(void)
{
	INSTALL(few);
	crash();
}

static void check_in_child(void (*what)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		what();
	waitpid(child, &status, 0);
	printf("child %x\n", status);
}

static void crash_after_check(void)
{
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	INSTALL(few);
	crash();
}

static void confine_vfork_child(void)
{
	int status = -1;
	pid_t child = vfork();

	if (!child) {
		INSTALL(no_list);
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %x\n", status);
}

static atomic_bool enough;
static atomic_int refused;

/* The kernel takes none of these. */
static void *install_bad_ones(void *unused)
{
	for (; !enough; atomic_fetch_add(&refused, 1))
		if (!INSTALL(no_end))
			tell("no\n");
	return unused;
}

static void *kept[100000];

/* Only this thread is confined; it must not make another call of refknot's
 * because of what the other one does. */
static void *work_confined(void *unused)
{
	(void)unused;
	while (atomic_load(&refused) < 3)
		usleep(100);
	INSTALL(in_thread);
	for (int i = 0; i < 100000; i++)
		kept[i] = malloc(200);
	tell("end\n");
	syscall(SYS_exit_group, 0);
	return NULL;
}

static void confine_beside_failures(void)
{
	pthread_t t;

	pthread_create(&t, NULL, work_confined, NULL);
	install_bad_ones(NULL);
}

/* Several at the same time, of which none is taken, and then nothing is
 * forbidden. */
static void fail_together(void)
{
	pthread_t t;

	pthread_create(&t, NULL, install_bad_ones, NULL);
	for (int i = 0; i < 3000; i++)
		if (!INSTALL(no_end))
			tell("no\n");
	enough = true;
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	(void)argc;
	lose(100);
	scrub();
	if (!strcmp(argv[1], "child"))
		check_in_child(allocates);
	if (!strcmp(argv[1], "crash"))
		check_in_child(crashes);
	if (!strcmp(argv[1], "checked"))
		crash_after_check();
	if (!strcmp(argv[1], "vfork"))
		confine_vfork_child();
	if (!strcmp(argv[1], "beside"))
		confine_beside_failures();
	if (!strcmp(argv[1], "failures"))
		fail_together();
	return 0;
}
