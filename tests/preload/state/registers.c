/* SPDX-License-Identifier: MIT */
/*
 * Prints what the registers that a function keeps hold when main() begins: a
 * number; "stack" or "image", where it points; or "loader".
 */
#include <stdint.h>
#include <stdio.h>

extern uint64_t registers[6];
uint64_t registers[6];
extern char __executable_start[], end[];
int begun(int argc, char **argv);

__asm__(".text\n"
	".globl main\n"
	".type main, @function\n"
	"main:\n"
	"	mov %rbx, registers(%rip)\n"
	"	mov %rbp, 8+registers(%rip)\n"
	"	mov %r12, 16+registers(%rip)\n"
	"	mov %r13, 24+registers(%rip)\n"
	"	mov %r14, 32+registers(%rip)\n"
	"	mov %r15, 40+registers(%rip)\n"
	"	jmp begun\n"
	".size main, . - main\n");

__attribute__((used)) int begun(int argc, char **argv)
{
	uint64_t stack = (uint64_t)(uintptr_t)__builtin_frame_address(0);

	(void)argc;
	(void)argv;
	for (int i = 0; i < 6; i++) {
		uint64_t r = registers[i];

		if (r - stack < 1 << 20)
			puts("stack");
		else if (r >= (uint64_t)(uintptr_t)__executable_start &&
			 r < (uint64_t)(uintptr_t)end)
			puts("image");
		else if (r < 1 << 20)
			printf("%d\n", (int)r);
		else
			puts("loader");
	}
	return 0;
}
