/* SPDX-License-Identifier: MIT */
/*
 * A worker that is forked gives up, before its first allocation, what is named
 * in argument 1, and loses a block; argument 2 is a directory without /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scrub.h"

#define NOBODY 65534
#define MUST(call)                                                             \
	do {                                                                   \
		if ((call) < 0)                                                \
			_exit(100);                                            \
	} while (0)

int capset(struct __user_cap_header_struct *header,
	   const struct __user_cap_data_struct *data);

static const char *how, *root;

static int is(const char *name)
{
	return strcmp(how, name) == 0;
}

static NOINLINE void lose(void)
{
	memset(malloc(100), 1, 100);
}

/* The numbers that a program opens are those that it has without refknot, and
 * what it closes is closed. */
static void close_all(void)
{
	for (int fd = 3; fd < 4096; fd++)
		close(fd);
}

static void reuse_all(void)
{
	close_all();
	for (int fd = 3; fd < 1024; fd++)
		if (dup2(1, fd) != fd)
			_exit(101);
}

static void limit(int resource, rlim_t most)
{
	struct rlimit l = { most, most };

	MUST(setrlimit(resource, &l));
}

static void drop_groups(void)
{
	gid_t group = NOBODY;

	MUST(setgroups(1, &group));
	MUST(setgid(NOBODY));
}

static void change_user(void)
{
	if (is("setuid"))
		MUST(setuid(NOBODY));
	else if (is("seteuid"))
		MUST(seteuid(NOBODY));
	else if (is("setreuid"))
		MUST(setreuid(NOBODY, NOBODY));
	else if (is("setresuid"))
		MUST(setresuid(NOBODY, NOBODY, NOBODY));
	else if (is("setfsuid"))
		MUST(setfsuid(NOBODY));
	else if (is("initgroups"))
		MUST(initgroups("nobody", NOBODY) | setregid(NOBODY, NOBODY) |
		     setuid(NOBODY));
	else if (is("raw"))
		MUST(syscall(SYS_setgroups, 0, NULL) |
		     syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY));
}

static void change_root(void)
{
	if (is("raw_chroot"))
		MUST(syscall(SYS_chroot, root));
	else
		MUST(chroot(root));
	MUST(chdir("/"));
	if (is("chroot_setuid")) {
		drop_groups();
		MUST(setuid(NOBODY));
	}
	if (is("chroot_fails"))
		MUST(chroot("/nowhere") == -1 && errno == ENOENT ? 0 : -1);
	if (is("chroot_close"))
		close_all();
	if (is("chroot_reuse"))
		reuse_all();
}

/* As a container does: what is /proc there is another's, or nothing. */
static void lose_proc(void)
{
	if (is("raw_unmount"))
		MUST(syscall(SYS_unshare, CLONE_NEWNS));
	else
		MUST(unshare(CLONE_NEWNS));
	MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mount("none", "/proc", "tmpfs", 0, NULL));
}

/* Where the root directory is what it was, /proc can be unmounted. */
static void unmount_proc(void)
{
	MUST(is("same_root_raw") ? syscall(SYS_chroot, "/") : chroot("/"));
	MUST(umount("/proc"));
}

/* From here on no file is made or written. Numbers: linux/landlock.h, which may
 * be newer than the C library's headers. */
static void lock_files(void)
{
	uint64_t handled = 1 << 1 | 1 << 8; /* WRITE_FILE, MAKE_REG */
	long fd = syscall(444, &handled, sizeof(handled), 0);

	if (fd < 0)
		_exit(77);
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(syscall(446, fd, 0));
	close((int)fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	MUST(capset(&header, none));
}

static void give_up(void)
{
	if (strstr(how, "chroot"))
		change_root();
	else if (strstr(how, "same_root"))
		unmount_proc();
	else if (is("fsize"))
		limit(RLIMIT_FSIZE, 0);
	else if (is("unshare"))
		MUST(unshare(CLONE_NEWUSER));
	else if (strstr(how, "unmount"))
		lose_proc();
	else if (is("landlock"))
		lock_files();
	else if (is("capset"))
		drop_capabilities();
	else
		change_user();
}

/* What it opens next has the number that is the lowest. */
static int next_number(void)
{
	int fd = dup(1);

	close(fd);
	return fd;
}

static int work(void)
{
	char line[64];
	int before = next_number();

	give_up();
	if (!is("chroot_reuse"))
		snprintf(line, sizeof(line), "%d\n", next_number() - before);
	else
		snprintf(line, sizeof(line), "%d\n", fcntl(1023, F_GETFD));
	if (write(1, line, strlen(line)) < 0)
		return 102;
	lose();
	scrub();
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	if (argc < 3)
		return 1;
	how = argv[1];
	root = argv[2];
	if (is("vfork")) {
		child = vfork();
		if (!child) {
			syscall(SYS_setuid, NOBODY);
			syscall(SYS_exit, 0);
		}
		lose();
		scrub();
	} else {
		child = fork();
		if (!child)
			exit(work());
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
