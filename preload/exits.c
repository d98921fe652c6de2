/* SPDX-License-Identifier: MIT */
/*
 * What ends a process without exit(), and what unloads code.  exit() and
 * quick_exit() call handlers that process.c registers.
 */
#include <stdlib.h>
#include <unistd.h>

#include "compiler.h"
#include "modules.h"
#include "process.h"
#include "real.h"
#include "store.h"
#include "sys.h"
#include "thread.h"
#include "unwind.h"

EXPORT void _exit(int status)
{
	process_end(status);
	real_resolve();
	real.exit_now(status);
	__builtin_unreachable();
}

EXPORT void _Exit(int status)
{
	process_end(status);
	real_resolve();
	real.exit_now2(status);
	__builtin_unreachable();
}

/*
 * The parent ends by the C library's own _exit(). What it has is its child's,
 * which is looked at in its stead, and recorded from its beginning.
 */
EXPORT int daemon(int stay, int keep)
{
	int pid = sys_pid(), result;

	real_resolve();
	process_leave(true);
	result = real.daemon(stay, keep);
	if (sys_pid() == pid)
		process_leave(false);
	else
		process_ready();
	return result;
}

/* Only what it does to the caches is ours; who calls dlclose is of no matter
 * to the loader, unlike with dlopen. */
int dlclose(void *handle);
EXPORT int dlclose(void *handle)
{
	struct thread *t;
	int result;

	real_resolve();
	result = real.dlclose(handle);
	t = thread_enter(NULL);
	if (t)
		modules_unloaded();
	unwind_flush();
	process_flush();
	if (t)
		thread_leave(t);
	return result;
}
