/* SPDX-License-Identifier: MIT */
/*
 * What programs ask of the kernel through the C library, and that refknot must
 * know of: filters for system calls, and what syscall() is for: privileges that
 * are given up, programs that are executed, children that are waited for, and the end of
 * the process.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "compiler.h"
#include "executions.h"
#include "filter.h"
#include "libc.h"
#include "mapped.h"
#include "mappings.h"
#include "privileges.h"
#include "process.h"
#include "real.h"
#include "sandbox.h"
#include "seals.h"
#include "spare.h"
#include "stack_base.h"
#include "sys.h"
#include "waits.h"

/* The filter at `p`, copied, for the program may have it wrong, to where
 * enter() gives it back. 0 or -errno. */
static long copy(struct filter *f, const void *p)
{
	struct filter_instruction *to;
	long result = sys_peek(sys_pid(), f, ADDRESS(p), sizeof(*f));
	size_t size = f->count * sizeof(*to);

	if (result < 0)
		return result;
	if (result != sizeof(*f) || f->count > FILTER_MOST)
		return -EFAULT;
	to = spare_map(size);
	if (!to)
		return -ENOMEM;
	result = sys_peek(sys_pid(), to, ADDRESS(f->instructions), size);
	f->instructions = to;
	if (result == (long)size)
		return 0;
	spare_unmap(to, size);
	return result < 0 ? result : -EFAULT;
}

/* Where it cannot be read since the kernel does not allow it, all is taken for
 * forbidden. False: the kernel will not take it either, or it does not matter.
 */
static bool enter(struct sandbox_change *c, bool strict, const void *filter)
{
	struct filter f = { 0 };
	long error;

	if (libc_is_secure())
		return false;
	error = strict ? 0 : copy(&f, filter);
	if (error == -EFAULT)
		return false;
	sandbox_ask(c, strict || error ? NULL : &f);
	if (!strict && !error)
		spare_unmap((void *)(uintptr_t)f.instructions,
			    f.count * sizeof(*f.instructions));
	sandbox_enter(c);
	return true;
}

EXPORT int prctl(int option, ...)
{
	struct sandbox_change change;
	unsigned long a[4];
	va_list arguments;
	bool entered;
	int result;

	va_start(arguments, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	real_resolve();
	if (likely(option != PR_SET_SECCOMP))
		return real.prctl(option, a[0], a[1], a[2], a[3]);
	entered =
	    enter(&change, a[0] == SECCOMP_MODE_STRICT, (const void *)a[1]);
	result = real.prctl(option, a[0], a[1], a[2], a[3]);
	if (entered)
		sandbox_done(&change, !result);
	return result;
}

/*
 * syscall() must not have a frame: the call may return on another stack. Of the
 * numbers here those that return once go to special_call() and kill_call(), and
 * the end of the process to last_call(). landlock_restrict_self is newer than some headers.
 */
#define LANDLOCK 446
#define SPECIAL(do, word)                                                      \
	(do(SYS_seccomp, word) | do(SYS_prctl, word) | do(SYS_setuid, word) |  \
	 do(SYS_setgid, word) | do(SYS_setreuid, word) |                       \
	 do(SYS_setregid, word) | do(SYS_setresuid, word) |                    \
	 do(SYS_setresgid, word) | do(SYS_setfsuid, word) |                    \
	 do(SYS_setfsgid, word) | do(SYS_setgroups, word) |                    \
	 do(SYS_capset, word) | do(SYS_unshare, word) | do(SYS_setns, word) |  \
	 do(SYS_pivot_root, word) | do(SYS_chroot, word) |                     \
	 do(SYS_execve, word) | do(SYS_execveat, word) | do(SYS_wait4, word) | \
	 do(SYS_waitid, word) | do(SYS_exit_group, word) |                     \
	 do(LANDLOCK, word) | KILLS(do, word) | SEALS(do, word))
#define SEALS(do, word)                                                        \
	(do(SYS_mmap, word) | do(SYS_munmap, word) | do(SYS_mremap, word) |    \
	 do(SYS_mprotect, word) | do(SYS_pkey_mprotect, word) |                \
	 do(SYS_madvise, word))
#define KILLS(do, word)                                                        \
	(do(SYS_kill, word) | do(SYS_tkill, word) | do(SYS_tgkill, word) |     \
	 do(SYS_rt_sigqueueinfo, word) | do(SYS_rt_tgsigqueueinfo, word))
#define BIT(n, word) ((n) / 64 == (word) ? 1ull << (n) % 64 : 0)
extern const uint64_t special_numbers[7];
HIDDEN const uint64_t special_numbers[7] = {
	SPECIAL(BIT, 0), SPECIAL(BIT, 1), SPECIAL(BIT, 2), SPECIAL(BIT, 3),
	SPECIAL(BIT, 4), SPECIAL(BIT, 5), SPECIAL(BIT, 6),
};

extern const uint64_t kill_numbers[7];
HIDDEN const uint64_t kill_numbers[7] = {
	KILLS(BIT, 0), KILLS(BIT, 1), KILLS(BIT, 2), KILLS(BIT, 3),
	KILLS(BIT, 4), KILLS(BIT, 5), KILLS(BIT, 6),
};

struct call {
	long number, arguments[6];
};

static long make(const struct call *c)
{
	const long *a = c->arguments;

	return real_syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* `listens`: it may answer with a descriptor. Other numbers tell of a thread
 * that could not follow. */
static long make_filtered(const struct call *c, bool strict, long filter,
			  bool listens)
{
	struct sandbox_change change;
	bool entered = enter(&change, strict, (const void *)filter);
	long result = make(c);

	if (entered)
		sandbox_done(&change, !result || (result > 0 && listens));
	return result;
}

static enum hides hides(const struct call *c)
{
	const long *a = c->arguments;

	if (c->number == SYS_chroot)
		return HIDES_ROOT;
	if ((c->number == SYS_unshare && a[0] & CLONE_NEWNS) ||
	    (c->number == SYS_setns && (!a[1] || a[1] & CLONE_NEWNS)))
		return HIDES_MOUNTS;
	return HIDES_NOTHING;
}

static long make_dropping(const struct call *c)
{
	struct privileges p;
	long result;

	privileges_enter(&p, hides(c));
	result = make(c);
	privileges_leave(&p, !result);
	return result;
}

/* What may make memory unreadable, or maps it; see seals.h and mapped.h. */
static long make_sealing(const struct call *c, const void *frame)
{
	const bool concerned = seals_concern(c->number, c->arguments);
	const uint64_t since = mapped_moment();
	long result;

	if (c->number == SYS_pkey_mprotect)
		seals_use_keys();
	if (concerned)
		seals_change();
	result = make(c);
	if (concerned)
		seals_change();
	mappings_called(c->number, c->arguments, result, since, frame);
	return result;
}

long special_call(long number, long a, long b, long c, long d, long e, long f);
CLEAN_ALL __attribute__((used, visibility("hidden"))) long
special_call(long number, long a, long b, long c, long d, long e, long f)
{
	const struct call call = { number, { a, b, c, d, e, f } };
	bool strict = a == SECCOMP_SET_MODE_STRICT && !b && !c;

	if (number == SYS_seccomp && (strict || a == SECCOMP_SET_MODE_FILTER))
		return make_filtered(&call, strict, c,
				     b & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (number == SYS_prctl && a == PR_SET_SECCOMP)
		return make_filtered(&call, b == SECCOMP_MODE_STRICT, c, false);
	if (number == SYS_seccomp || number == SYS_prctl)
		return make(&call);
	if (executions_are_by(number))
		return executions_call(number, call.arguments);
	if (waits_are_by(number))
		return waits_call(number, call.arguments);
	switch (number) {
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_pkey_mprotect:
	case SYS_madvise:
		return make_sealing(&call, __builtin_frame_address(0));
	default:
		return make_dropping(&call);
	}
}

/*
 * What last_call() does first: as ending_exit(), but the arguments that follow
 * the status lie below the caller's frames. Nobody set them: they are what
 * functions before left in registers, and the search must not see them.
 */
#define TEXT_OF(number)      TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(value) #value
/* clang-format off */
__asm__(".text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n"
	"	.cfi_startproc\n"
	"	cmp $7*64, %rdi\n"
	"	jae 1f\n"
	"	bt %rdi, special_numbers(%rip)\n"
	"	jnc 1f\n"
	"	cmp $" TEXT_OF(__NR_exit_group) ", %rdi\n"
	"	je last_call\n"
	"	bt %rdi, kill_numbers(%rip)\n"
	"	jc kill_call\n"
	"	jmp special_call\n"
	"1:	jmp *real_syscall(%rip)\n"
	"	.cfi_endproc\n"
	".size syscall, . - syscall\n"
	".type last_call, @function\n"
	"last_call:\n"
	"	.cfi_startproc\n"
	STACK_BASE_SAVE
	"	mov %rsp, %rax\n"
	"	push %rdi\n"
	"	push %rsi\n"
	"	push %rdx\n"
	"	push %rcx\n"
	"	push %r8\n"
	"	push %r9\n"
	"	sub $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 56\n"
	"	mov %esi, %edi\n"
	"	mov %rax, %rsi\n"
	"	call ending_exit_above\n"
	"	add $8, %rsp\n"
	"	pop %r9\n"
	"	pop %r8\n"
	"	pop %rcx\n"
	"	pop %rdx\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	add $48, %rsp\n"
	"	.cfi_adjust_cfa_offset -104\n"
	"	jmp *real_syscall(%rip)\n"
	"	.cfi_endproc\n"
	".size last_call, . - last_call\n");
/* clang-format on */
