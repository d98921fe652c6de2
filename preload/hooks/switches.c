/* SPDX-License-Identifier: MIT */
/*
 * swapcontext() and setcontext(): they save and restore the caller's own frame,
 * so the hooks leave nothing on the stack when the C library's begin.
 */
#include <ucontext.h>

#include "compiler.h"
#include "contexts.h"
#include "real.h"
#include "signal_stack.h"

static void going_on(const ucontext_t *to)
{
	if (to->uc_stack.ss_size && to->uc_stack.ss_size < SIGNAL_STACK_SMALL)
		signal_stack_give(to->uc_stack.ss_size);
}

static USED void swapping(const void *from, const void *to)
{
	real_resolve();
	contexts_switch(from, to);
	going_on(to);
}

static USED void setting(const void *to)
{
	real_resolve();
	contexts_switch(NULL, to);
	going_on(to);
}

/* Note what is done, with the arguments kept, then jump. */
#define NOTE_AND_GO(note, target)                                              \
	__asm__("push %rdi\n\t"                                                \
		"push %rsi\n\t"                                                \
		"sub $8, %rsp\n\t"                                             \
		".cfi_adjust_cfa_offset 24\n\t"                                \
		"call " #note "\n\t"                                           \
		"add $8, %rsp\n\t"                                             \
		"pop %rsi\n\t"                                                 \
		"pop %rdi\n\t"                                                 \
		".cfi_adjust_cfa_offset -24\n\t"                               \
		"jmp *" #target "(%rip)")

__attribute__((naked)) EXPORT int swapcontext(__attribute__((unused))
					      ucontext_t *restrict from,
					      __attribute__((unused))
					      const ucontext_t *restrict to)
{
	NOTE_AND_GO(swapping, real_swapcontext);
}

__attribute__((naked)) EXPORT int setcontext(__attribute__((unused))
					     const ucontext_t *to)
{
	NOTE_AND_GO(setting, real_setcontext);
}
