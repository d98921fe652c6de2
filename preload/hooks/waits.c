/* SPDX-License-Identifier: MIT */
/*
 * Who waits for a child learns how it ended, and that is noted: see ends.h. The
 * calls are the C library's own, and points of cancellation as they are there.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "compiler.h"
#include "ends.h"
#include "real.h"
#include "waits.h"

static pid_t note(pid_t pid, const int *status)
{
	if (pid > 0)
		ends_waited(pid, *status);
	return pid;
}

EXPORT pid_t wait(int *status)
{
	int own = 0;

	real_resolve();
	status = status ? status : &own;
	return note(real.wait(status), status);
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	int own = 0;

	real_resolve();
	status = status ? status : &own;
	return note(real.waitpid(pid, status, options), status);
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	int own = 0;

	real_resolve();
	status = status ? status : &own;
	return note(real.wait3(status, options, usage), status);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	int own = 0;

	real_resolve();
	status = status ? status : &own;
	return note(real.wait4(pid, status, options, usage), status);
}

/* A child that can be waited for again is noted then. */
static long note_info(long result, const siginfo_t *info, long options)
{
	int status = W_STOPCODE(SIGSTOP); /* as wait() would have it */

	/* Of a call that failed, `info` may lead nowhere. */
	if (result || info->si_pid <= 0 || options & WNOWAIT)
		return result;
	if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED)
		status = info->si_status & 0x7f;
	else if (info->si_code == CLD_EXITED)
		status = W_EXITCODE(info->si_status & 0xff, 0);
	ends_waited(info->si_pid, status);
	return result;
}

EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	siginfo_t own = { 0 };

	real_resolve();
	info = info ? info : &own;
	return (int)note_info(real.waitid(type, id, info, options), info,
			      options);
}

bool waits_are_by(long number)
{
	return number == SYS_wait4 || number == SYS_waitid;
}

long waits_call(long number, const long *a)
{
	siginfo_t own = { 0 };
	siginfo_t *info = a[2] ? (siginfo_t *)a[2] : &own;
	int *status = a[1] ? (int *)a[1] : &own.si_status;
	long result;

	if (number == SYS_waitid) {
		result = real_syscall(number, a[0], a[1], (long)info, a[3],
				      a[4], a[5]);
		return note_info(result, info, a[3]);
	}
	result =
	    real_syscall(number, a[0], (long)status, a[2], a[3], a[4], a[5]);
	return note((pid_t)result, status);
}
