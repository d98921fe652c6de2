/* SPDX-License-Identifier: MIT */
#ifndef STACK_BASE_H
#define STACK_BASE_H

#include <stdint.h>

/*
 * The first instructions of a function in assembly, after .cfi_startproc: the
 * registers that its caller expects to keep are on the stack then, as struct
 * stack_base_saved has them from the stack pointer on.
 */
#define STACK_BASE_SAVE                                                        \
	"	push %rbp\n"                                                         \
	"	push %rbx\n"                                                         \
	"	push %r12\n"                                                         \
	"	push %r13\n"                                                         \
	"	push %r14\n"                                                         \
	"	push %r15\n"                                                         \
	"	.cfi_adjust_cfa_offset 48\n"
struct stack_base_saved {
	uint64_t r15, r14, r13, r12, rbx, rbp, pc;
};

/*
 * Returns the lowest stack address in use: `low`, as long as a frame of the
 * program's is there; else the first frame. For when main() has returned, what
 * it left is still there wherever the C library's functions between there and
 * here have not written. `low` is where STACK_BASE_SAVE has put registers.
 */
uint64_t stack_base_low(uint64_t low);

#endif
