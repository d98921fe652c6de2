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
 * The lowest stack address in use: `low` while a frame of the program's remains,
 * else the first frame, as leftovers of main() lie below that. `low` is where
 * STACK_BASE_SAVE has put registers.
 */
uint64_t stack_base_low(uint64_t low);

#endif
