/* SPDX-License-Identifier: MIT */
/* Limits, privileges that are given up, filters, and what prctl() forbids. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act.h"
#include "filters.h"

/* limit:WHICH:VALUE:HARD */
void act_do_limit(const struct act *a)
{
	enum __rlimit_resource which = (enum __rlimit_resource)a->n[0];
	struct rlimit r;

	if (getrlimit(which, &r))
		return;
	r.rlim_cur = (rlim_t)a->n[1];
	if (a->n[2])
		r.rlim_max = r.rlim_cur;
	act_tell("limit", setrlimit(which, &r));
}

/* limits:WHICH */
void act_do_limits(const struct act *a)
{
	struct rlimit r = { 0 };

	act_tell("limits", getrlimit((enum __rlimit_resource)a->n[0], &r));
	act_say("soft", (long)r.rlim_cur);
	act_say("hard", (long)r.rlim_max);
	if (!prlimit(0, (enum __rlimit_resource)a->n[0], NULL, &r))
		act_say("soft", (long)r.rlim_cur);
}

static long drop_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct none[2] = { 0 };

	return syscall(SYS_capset, &head, none);
}

/* privilege:WHICH */
void act_do_privilege(const struct act *a)
{
	long done;

	switch (a->n[0]) {
	case 0:
		done = setuid(65534);
		break;
	case 1:
		done = setgid(65534);
		break;
	case 2:
		done = setresuid(65534, 65534, 65534);
		break;
	case 3:
		done = seteuid(65534);
		break;
	case 4:
		done = setgroups(0, NULL);
		break;
	case 5:
		done = drop_capabilities();
		break;
	case 6:
		done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		break;
	case 7:
		done = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		break;
	case 8:
		done = setreuid(1234, 1234);
		break;
	case 9:
		done = syscall(SYS_setuid, 65534);
		break;
	default:
		done = seteuid(0);
	}
	act_tell("privilege", done);
}

/* root:HOW: another root directory; it does not work in the machine's */
void act_do_root(const struct act *a)
{
	static const char *const roots[] = { "root", ".", "/" };
	long how = a->n[0] < 2 ? a->n[0] : 2;
	int done;

	mkdir("root", 0777);
	done = chroot(roots[how]);
	act_tell("chroot", done);
	if (a->n[1] && !done && how < 2)
		act_tell("chdir", chdir("/"));
}

/* unshare:WHICH */
void act_do_unshare(const struct act *a)
{
	static const int flags[] = { CLONE_NEWNS,  CLONE_NEWPID, CLONE_NEWUSER,
				     CLONE_NEWNET, CLONE_FILES,  CLONE_FS,
				     CLONE_NEWIPC, CLONE_NEWUTS };

	act_tell("unshare", unshare(flags[a->n[0] % 8]));
}

#define REFUSING(number, error)                                                \
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),             \
	    END(SECCOMP_RET_ERRNO | (error)), END(SECCOMP_RET_ALLOW)
#define KILLING(number)                                                        \
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),             \
	    END(SECCOMP_RET_KILL_PROCESS), END(SECCOMP_RET_ALLOW)

static struct sock_filter few[] = { FEW, END(SECCOMP_RET_KILL_PROCESS) };
static struct sock_filter few_else_fail[] = { FEW,
					      END(SECCOMP_RET_ERRNO | EPERM) };

static int refuse(int number, int error)
{
	struct sock_filter filter[] = { REFUSING((unsigned)number,
						 (unsigned)error) };

	return INSTALL(filter);
}

static int kill_for(int number)
{
	struct sock_filter filter[] = { KILLING((unsigned)number) };

	return INSTALL(filter);
}

static int install_by_seccomp(unsigned flags)
{
	struct sock_filter filter[] = { KILLING(SYS_process_vm_readv) };
	struct sock_fprog p = { sizeof(filter) / sizeof(*filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

/* filter:WHICH:NUMBER: a call that is forbidden, for 2 and 3 */
void act_do_filter(const struct act *a)
{
	int done;

	switch (a->n[0]) {
	case 0:
		done = INSTALL(few);
		break;
	case 1:
		done = INSTALL(few_else_fail);
		break;
	case 2:
		done = refuse((int)a->n[1], EACCES);
		break;
	case 3:
		done = kill_for((int)a->n[1]);
		break;
	case 4:
		done = install_by_seccomp(SECCOMP_FILTER_FLAG_TSYNC);
		break;
	case 5:
		done = install_by_seccomp(0);
		break;
	default:
		done = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	}
	act_tell("filter", done);
}

/* control:WHICH: what the kernel can be asked to do otherwise */
void act_do_control(const struct act *a)
{
	cpu_set_t one;
	long done;

	switch (a->n[0]) {
	case 0:
		done = prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
		break;
	case 1:
		done = syscall(SYS_arch_prctl, 0x1012, 0); /* no cpuid */
		break;
	case 2:
		done = prctl(65, 1, 0, 0, 0); /* PR_SET_MDWE */
		break;
	case 3:
		done = prctl(PR_SET_NAME, "a name ) x", 0, 0, 0);
		break;
	case 4:
		CPU_ZERO(&one);
		CPU_SET(0, &one);
		done = sched_setaffinity(0, sizeof(one), &one);
		break;
	case 5:
		done = nice(5);
		break;
	case 6:
		done = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		break;
	case 7:
		done = prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		break;
	default:
		umask(0777);
		done = 0;
	}
	act_tell("control", done);
}
