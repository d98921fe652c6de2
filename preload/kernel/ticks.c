/* SPDX-License-Identifier: MIT */
#include "ticks.h"

#include <sys/auxv.h>
#include <time.h>

#include "libc.h"
#include "sys.h"

uint64_t ticks_coarse(void)
{
	const struct libc *c = libc_known();
	struct timespec t = { 0, 0 };

	/* Without the kernel's code the C library would make a system call,
	 * which a filter may kill for. */
	if (!c || !c->clock_gettime || !c->getauxval(AT_SYSINFO_EHDR))
		return sys_clock(CLOCK_MONOTONIC);
	c->clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t ticks_exact(void)
{
	/* The kernel's code in the process would read the processor's counter,
	 * which the program may have forbidden (PR_SET_TSC). */
	const uint64_t now = sys_clock(CLOCK_MONOTONIC);

	return now ? now : ticks_coarse();
}
