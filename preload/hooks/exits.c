/* SPDX-License-Identifier: MIT */
/*
 * What ends a process without exit(), and what unloads code.  exit() and
 * quick_exit() call handlers that start.c registers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "compiler.h"
#include "ending.h"
#include "libc.h"
#include "process.h"
#include "real.h"
#include "stacks.h"
#include "store.h"
#include "thread.h"
#include "unwind.h"

EXPORT void _exit(int status)
{
	ending_exit(status);
	real_resolve();
	real.exit_now(status);
	__builtin_unreachable();
}

EXPORT void _Exit(int status)
{
	ending_exit(status);
	real_resolve();
	real.exit_now2(status);
	__builtin_unreachable();
}

/*
 * What a daemon has for its standard streams; false with errno: it is not there,
 * or no such device.  The calls are the C library's own, as daemon() has them.
 */
static bool take_null(void)
{
	long (*call)(long, ...) = libc()->syscall;
	long fd = call(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
	int error = ENODEV;
	struct stat st; /* the kernel's own, on this machine */

	if (fd < 0)
		return false;
	if (call(SYS_fstat, fd, &st)) {
		error = libc_errno;
	} else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
		call(SYS_dup2, fd, STDIN_FILENO);
		call(SYS_dup2, fd, STDOUT_FILENO);
		call(SYS_dup2, fd, STDERR_FILENO);
		if (fd > STDERR_FILENO)
			call(SYS_close, fd);
		return true;
	}
	call(SYS_close, fd);
	libc_errno = error;
	return false;
}

/*
 * As the C library's, whose parent ends by an _exit() that no hook sees. Here it
 * is looked at as at any end: what was lost before is the parent's alone, for
 * the child's recording begins with the fork.
 */
COLD EXPORT int daemon(int stay, int keep)
{
	pid_t pid = libc()->fork();

	if (pid < 0)
		return -1;
	if (pid)
		_exit(0);
	if (libc()->syscall(SYS_setsid) < 0)
		return -1;
	if (!stay && libc()->syscall(SYS_chdir, "/") < 0) {
		/* It stays where it is, as with the C library's. */
	}
	return keep || take_null() ? 0 : -1;
}

/* Only what it does to the caches is ours; who calls dlclose is of no matter
 * to the loader, unlike with dlopen. */
int dlclose(void *handle);
COLD EXPORT int dlclose(void *handle)
{
	struct thread *t;
	int result;

	real_resolve();
	/* Code may be gone, and other code be in its place, long before the call
	 * returns. */
	__atomic_fetch_add(&process_page.unloading, 1, __ATOMIC_SEQ_CST);
	unwind_flush();
	process_flush();
	result = real.dlclose(handle);
	t = thread_enter(NULL);
	if (t)
		stacks_forget_unloaded();
	unwind_flush();
	process_flush();
	__atomic_fetch_sub(&process_page.unloading, 1, __ATOMIC_SEQ_CST);
	if (t)
		thread_leave(t);
	return result;
}
