/* SPDX-License-Identifier: MIT */
/*
 * A handler leaves by longjmp at the N-th instruction of refknot's in a malloc at which
 * signals can come. Then 100 blocks are allocated, all of them lost:
 *
 *   again N          by the very function that called that malloc, its sixth
 *   again N deeper   by one that this calls, after its first
 *   again N handler  the same after a handler's first, which has its own stack
 *   again N ring     the same, and one is allocated before where no walk comes out
 *   again N stays    the same, but the handler does not leave: it allocates
 */
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "hooks.h"

#define TRAP_FLAG 0x100
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static uintptr_t from, to; /* refknot's code */
static sigjmp_buf back;
static bool stays;
static long left; /* instructions until the jump; 0: none comes */

static int find_code(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	if (!strstr(info->dlpi_name, "librefknot_preload"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		from = info->dlpi_addr + p->p_vaddr;
		to = from + p->p_memsz;
	}
	return 1;
}

static void go_on(ucontext_t *c)
{
	if (!stays)
		siglongjmp(back, 1);
	c->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	for (int i = 0; i < 7; i++)
		lose(77);
}

static void step(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
	const uintptr_t at = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];

	(void)number;
	(void)info;
	if (at >= from && at < to && left &&
	    !sigismember(&c->uc_sigmask, SIGALRM) && !--left)
		go_on(c);
}

static void set_trap(bool on)
{
	uint64_t flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG
					  : flags & ~(uint64_t)TRAP_FLAG);
}

/* Its frame pointer points to one that points to itself, and to it. */
void ring(void);
__asm__(".text\n"
	"ring:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	sub $64, %rsp\n"
	"	mov %rbp, -8(%rbp)\n"
	"	lea -32(%rbp), %rax\n"
	"	mov %rax, -32(%rbp)\n"
	"	lea 1f(%rip), %rcx\n"
	"	mov %rcx, -24(%rbp)\n"
	"	mov %rax, %rbp\n"
	"	mov $50, %edi\n"
	"	call malloc@PLT\n"
	"1:	mov 24(%rbp), %rbp\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n");

/* Deeper than all that was called from main(). */
static NOINLINE void call_below(void (*f)(void))
{
	volatile char deep[8192];

	deep[0] = 0;
	f();
	deep[0]++;
}

static void allocate(int number)
{
	void *p;

	(void)number;
	set_trap(true);
	p = malloc(30);
	OPAQUE(p);
}

int main(int argc, char **argv)
{
	char own_stack[64 << 10]; /* above all that is called */
	stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof(own_stack) };
	struct sigaction action = { .sa_sigaction = step,
				    .sa_flags = SA_SIGINFO };
	struct sigaction handler = { .sa_handler = allocate,
				     .sa_flags = SA_ONSTACK };
	const bool deeper = argc > 2;
	const char *where = deeper ? argv[2] : "";
	void *volatile p;

	dl_iterate_phdr(find_code, NULL);
	stays = strcmp(where, "stays") == 0;
	if (stays) {
		action.sa_flags |= SA_ONSTACK;
		stack.ss_flags = (int)SS_AUTODISARM;
	}
	sigaction(SIGTRAP, &action, NULL);
	for (int i = 0; i < 5 && !deeper; i++) {
		p = malloc(30);
		free(p);
	}
	left = argc > 1 ? atol(argv[1]) : 0;
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &handler, NULL);
	if (!sigsetjmp(back, 1)) {
		if (strcmp(where, "handler") == 0)
			raise(SIGUSR1);
		set_trap(true);
		p = malloc(30);
	}
	set_trap(false);
	if (strcmp(where, "ring") == 0)
		call_below(ring);
	for (volatile int i = 0; i < 100 && !deeper; i++)
		p = malloc(60);
	for (volatile int i = 0; i < 100 && deeper; i++)
		lose(60);
	p = NULL;
	if (deeper)
		puts(left ? "through" : "left");
	scrub();
	return 0;
}
