/* SPDX-License-Identifier: MIT */
/*
 * One thread that keeps the only pointer to a block in one register. KEEP is
 * the assembly that moves it there from %rax, WAIT what the thread then does
 * for ever; neither may store it anywhere else.
 */
#ifndef REGISTER_THREAD_H
#define REGISTER_THREAD_H

#include <pthread.h>

#include "truth.h"

static volatile int ready;

static NOINLINE void *make_block(void)
{
	return MUST(malloc(100));
}

/* pause(2): EINTR and the registers that a system call changes aside. */
#define WAIT_IN_KERNEL                                                         \
	"1:\n\t"                                                               \
	"movl $34, %%eax\n\t"                                                  \
	"syscall\n\t"                                                          \
	"jmp 1b"
#define WAIT_IN_LOOP                                                           \
	"1:\n\t"                                                               \
	"pause\n\t"                                                            \
	"jmp 1b"

/* The 128 bytes below %rsp belong to the function that is interrupted. */
#define SCRUB_RED_ZONE                                                         \
	".irp below, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112," \
	" 120, 128\n\t"                                                        \
	"movq $0, -\\below(%%rsp)\n\t"                                         \
	".endr\n\t"

static void *wait_for_ever(void *unused)
{
	void *block = make_block();

	__asm__ volatile(SCRUB_VECTORS SCRUB_RED_ZONE KEEP
			 "\n\t"
			 "xor %%eax, %%eax\n\t"
			 "xor %%ecx, %%ecx\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%edi, %%edi\n\t"
			 "xor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r11d, %%r11d\n\t"
			 "movl $1, %1\n\t" WAIT
			 : "+a"(block), "=m"(ready)
			 :
			 : "r12", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", SCRUB_VECTORS_CLOBBERS, "memory");
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		abort();
	wait_until(&ready);
	scrub();
	return 0;
}

#endif
