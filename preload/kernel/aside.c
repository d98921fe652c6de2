/* SPDX-License-Identifier: MIT */
#include "aside.h"

#include <stdbool.h>

#include "compiler.h"
#include "denied.h"
#include "own_memory.h"
#include "sys.h"

/*
 * A stack is a thread's only while it is aside, so that there are no more than
 * threads that are at the same time. What other threads have at a fork is taken
 * for good in the child.
 */
#define STACKS 1024
#define SIZE   (64ull << 10)

/* Atomic: the thread that takes a stack is its only user until it returns it. */
static bool taken[STACKS];
static APART char *stacks[STACKS]; /* NULL: not made yet. Its user's */
/* Atomic, for the thread that stops its user. */
static APART uint64_t lows[STACKS]; /* where its user's own frames begin */

/* No handler sees it, for signals are held; where a filter forbids that, a
 * handler that never returns leaves it set, and the thread does all here. */
static _Thread_local bool is_aside;

/*
 * aside_turn(f, argument, top, low): call f(argument) on the stack that ends at
 * `top`. The registers that a caller expects to keep stay on the stack that it
 * leaves, from *low on.
 */
void aside_turn(void (*f)(void *), void *argument, void *top, uint64_t *low);
__asm__(".text\n"
	".type aside_turn, @function\n"
	"aside_turn:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rcx)\n"
	"	mov %rdx, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	call *%rax\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size aside_turn, . - aside_turn\n");

/* STACKS: there is none. */
static unsigned take(void)
{
	for (unsigned i = 0; i < STACKS; i++) {
		if (READ_ONCE(taken[i]) ||
		    __atomic_exchange_n(&taken[i], true, __ATOMIC_ACQUIRE))
			continue;
		if (!stacks[i])
			WRITE_ONCE(stacks[i], own_memory_map(SIZE));
		if (stacks[i])
			return i;
		STORE_RELEASE(taken[i], false);
		break;
	}
	return STACKS;
}

uint64_t aside_left(uint64_t sp)
{
	for (unsigned i = 0; i < STACKS; i++) {
		uint64_t start = ADDRESS(READ_ONCE(stacks[i]));
		uint64_t low = READ_ONCE(lows[i]);

		if (start && low && sp - start < SIZE)
			return low;
	}
	return sp;
}

void aside(void (*f)(void *), void *argument)
{
	uint64_t signals;
	unsigned i;
	bool held;

	if (is_aside) {
		f(argument);
		return;
	}
	denied_inherit();
	held = sys_block_signals(&signals) == 0;
	is_aside = true;
	i = take();
	if (i == STACKS) {
		f(argument);
	} else {
		aside_turn(f, argument, stacks[i] + SIZE, &lows[i]);
		WRITE_ONCE(lows[i], 0);
		STORE_RELEASE(taken[i], false);
	}
	is_aside = false;
	if (held)
		sys_restore_signals(&signals);
}
