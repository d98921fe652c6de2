/* SPDX-License-Identifier: MIT */
#include "ticks.h"

#include <sys/auxv.h>
#include <time.h>

#include "libc.h"
#include "sys.h"

static uint64_t read_clock(clockid_t clock)
{
	const struct libc *c = libc_known();
	struct timespec t = { 0, 0 };

	/* Without the kernel's code the C library would make a system call,
	 * which a filter may kill for. */
	if (!c || !c->clock_gettime || !c->getauxval(AT_SYSINFO_EHDR))
		return sys_clock(CLOCK_MONOTONIC);
	c->clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t ticks_coarse(void)
{
	return read_clock(CLOCK_MONOTONIC_COARSE);
}

uint64_t ticks_exact(void)
{
	return read_clock(sys_clock_denied() ? CLOCK_MONOTONIC_COARSE
					     : CLOCK_MONOTONIC);
}
