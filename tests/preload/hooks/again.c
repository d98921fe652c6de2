/* SPDX-License-Identifier: MIT */
/*
 * again N: a handler leaves by longjmp at the N-th instruction of refknot's in a
 * malloc, and the very function that called it goes on to allocate: 100 blocks,
 * all of them lost.
 */
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "hooks.h"

#define TRAP_FLAG 0x100

static uintptr_t from, to; /* refknot's code */
static sigjmp_buf back;
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

static void step(int number, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	const uintptr_t at = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];

	(void)number;
	(void)info;
	if (at >= from && at < to && left && !--left)
		siglongjmp(back, 1);
}

static void set_trap(bool on)
{
	uint64_t flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG
					  : flags & ~(uint64_t)TRAP_FLAG);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = step,
				    .sa_flags = SA_SIGINFO };
	void *volatile p;

	dl_iterate_phdr(find_code, NULL);
	sigaction(SIGTRAP, &action, NULL);
	for (int i = 0; i < 5; i++) {
		p = malloc(30);
		free(p);
	}
	left = argc > 1 ? atol(argv[1]) : 0;
	if (!sigsetjmp(back, 1)) {
		set_trap(true);
		p = malloc(30);
	}
	set_trap(false);
	for (volatile int i = 0; i < 100; i++)
		p = malloc(60);
	p = NULL;
	scrub();
	return 0;
}
