/* SPDX-License-Identifier: MIT */
/*
 * A program that ends at once leaves old values in dead stack slots and in
 * registers, where a search takes them for pointers. Programs whose findings
 * are known to the byte overwrite them first.
 */
#ifndef SCRUB_H
#define SCRUB_H

#define NOINLINE __attribute__((noinline, noclone, noipa, unused))

/* Assembly: 0 in every vector register. */
#define SCRUB_VECTORS                                                          \
	"pxor %%xmm0, %%xmm0\n\t"                                              \
	"pxor %%xmm1, %%xmm1\n\t"                                              \
	"pxor %%xmm2, %%xmm2\n\t"                                              \
	"pxor %%xmm3, %%xmm3\n\t"                                              \
	"pxor %%xmm4, %%xmm4\n\t"                                              \
	"pxor %%xmm5, %%xmm5\n\t"                                              \
	"pxor %%xmm6, %%xmm6\n\t"                                              \
	"pxor %%xmm7, %%xmm7\n\t"                                              \
	"pxor %%xmm8, %%xmm8\n\t"                                              \
	"pxor %%xmm9, %%xmm9\n\t"                                              \
	"pxor %%xmm10, %%xmm10\n\t"                                            \
	"pxor %%xmm11, %%xmm11\n\t"                                            \
	"pxor %%xmm12, %%xmm12\n\t"                                            \
	"pxor %%xmm13, %%xmm13\n\t"                                            \
	"pxor %%xmm14, %%xmm14\n\t"                                            \
	"pxor %%xmm15, %%xmm15\n\t"
#define SCRUB_VECTORS_CLOBBERS                                                 \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",        \
	    "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",       \
	    "xmm15"

/* Overwrite 64 KiB of dead stack and the registers that calls may change. */
static NOINLINE void scrub(void)
{
	volatile char dead[65536];

	for (unsigned i = 0; i < sizeof(dead); i++)
		dead[i] = 0;
	__asm__ volatile("xor %%eax, %%eax\n\t"
			 "xor %%ecx, %%ecx\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%edi, %%edi\n\t"
			 "xor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r11d, %%r11d\n\t" SCRUB_VECTORS
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", SCRUB_VECTORS_CLOBBERS);
}

#endif
