/* SPDX-License-Identifier: MIT */
/*
 * What programs ask of the kernel through the C library, and that refknot must
 * know of: filters for system calls, and the end of the process.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "compiler.h"
#include "environment.h"
#include "filter.h"
#include "process.h"
#include "real.h"
#include "sandbox.h"
#include "sys.h"

/* The filter at `p`, copied, for the program may have it wrong, to where
 * forget() gives it back. 0 or -errno. */
static long copy(struct filter *f, const void *p)
{
	struct filter_instruction *to;
	long result =
	    sys_peek(sys_pid(), f, (uint64_t)(uintptr_t)p, sizeof(*f));
	size_t size = f->count * sizeof(*to);

	if (result < 0)
		return result;
	if (result != sizeof(*f) || f->count > FILTER_MOST)
		return -EFAULT;
	to = sys_map(size, -1);
	if (!to)
		return -ENOMEM;
	result =
	    sys_peek(sys_pid(), to, (uint64_t)(uintptr_t)f->instructions, size);
	f->instructions = to;
	if (result == (long)size)
		return 0;
	sys_unmap(to, size);
	return result < 0 ? result : -EFAULT;
}

static void forget(const struct filter *f)
{
	sys_unmap((void *)(uintptr_t)f->instructions,
		  f->count * sizeof(*f->instructions));
}

/* Where it cannot be read since the kernel does not allow it, all is taken for
 * forbidden. False: the kernel will not take it either, or it is of no matter.
 */
static bool enter(struct sandbox_change *c, bool strict, const void *filter)
{
	struct filter f = { 0 };
	long error;

	if (environment_is_secure())
		return false;
	error = strict ? 0 : copy(&f, filter);
	if (error == -EFAULT)
		return false;
	sandbox_ask(c, strict || error ? NULL : &f);
	if (!strict && !error)
		forget(&f);
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
 * syscall() must not have a frame: the call may return on another stack. One
 * number goes to special_call(), and the end of the process to last_call().
 */
long special_call(long number, long a, long b, long c, long d, long e, long f);
__attribute__((used, visibility("hidden"))) long
special_call(long number, long a, long b, long c, long d, long e, long f)
{
	bool strict = a == SECCOMP_SET_MODE_STRICT && !b && !c, entered;
	struct sandbox_change change;
	long result;

	if (number != SYS_seccomp || (!strict && a != SECCOMP_SET_MODE_FILTER))
		return real_syscall(number, a, b, c, d, e, f);
	entered = enter(&change, strict, (const void *)c);
	result = real_syscall(number, a, b, c, d, e, f);
	/* Not 0: a thread that could not follow, or the listener's number. */
	if (entered)
		sandbox_done(&change,
			     !result || (result > 0 &&
					 b & SECCOMP_FILTER_FLAG_NEW_LISTENER));
	return result;
}

/*
 * What last_call() does first: as process_end(), but the arguments that follow
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
	"	cmp $" TEXT_OF(__NR_seccomp) ", %rdi\n"
	"	je special_call\n"
	"	cmp $" TEXT_OF(__NR_exit_group) ", %rdi\n"
	"	je last_call\n"
	"	jmp *real_syscall(%rip)\n"
	"	.cfi_endproc\n"
	".size syscall, . - syscall\n"
	".type last_call, @function\n"
	"last_call:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	.cfi_adjust_cfa_offset 48\n"
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
	"	call process_end_above\n"
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
