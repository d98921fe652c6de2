/* SPDX-License-Identifier: MIT */
/* scrub(), and the parts of vector registers that it leaves: libc copies with
 * them, and a new thread begins with its maker's. */
#ifndef CLEAN_H
#define CLEAN_H

#include "scrub.h"

static NOINLINE void clean(void)
{
	scrub();
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" : : : SCRUB_VECTORS_CLOBBERS);
	if (__builtin_cpu_supports("avx512f"))
		__asm__ volatile(
		    ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,"
		    " 28, 29, 30, 31\n\t"
		    "vpxorq %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
		    ".endr"
		    :
		    :
		    : "memory");
}

#endif
