/* SPDX-License-Identifier: MIT */
/*
 * Loses 100 bytes, whose address all registers hold that a call may change,
 * and keeps 200 in one that a call must preserve (%r12); ends in the way that
 * argument 1 names. At "fault" and "inline" the first are in use, too: there
 * no call comes between. "fresh" uses no assembly: what is in the registers is
 * what malloc left there.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"

/* Call f(a, b) with those registers set; or what `instead` is. */
#define WITH(instead, lost, preserved, f, a, b)                                \
	__asm__ volatile("mov %1, %%r12\n"                                     \
			 "mov %0, %%r8\n"                                      \
			 "mov %0, %%r9\n"                                      \
			 "mov %0, %%r10\n"                                     \
			 "mov %0, %%rdx\n"                                     \
			 "movq %0, %%xmm3\n"                                   \
			 "mov %0, %%rcx\n"                                     \
			 "xor %0, %0\n"                                        \
			 "xor %1, %1\n" instead                                \
			 : "+a"(lost), "+b"(preserved)                         \
			 : "D"(a), "S"(b), "r"(f)                              \
			 : "r8", "r9", "r10", "r11", "r12", "rdx", "rcx",      \
			   "xmm3", "memory")

#define CALL "call *%4\n"

static NOINLINE void fresh(void)
{
	void *volatile p = malloc(100);

	p = NULL;
	OPAQUE(p);
}

static NOINLINE void wash(void)
{
	volatile char dead[65536];

	for (unsigned i = 0; i < sizeof(dead); i++)
		dead[i] = 0;
}

static NOINLINE void end(const char *how)
{
	void *lost = malloc(100), *kept = malloc(200);
	long pid = getpid();

	scrub();
	if (!strcmp(how, "abort"))
		WITH(CALL, lost, kept, abort, 0L, 0L);
	if (!strcmp(how, "raise"))
		WITH(CALL, lost, kept, raise, (long)SIGTERM, 0L);
	if (!strcmp(how, "kill"))
		WITH(CALL, lost, kept, kill, pid, (long)SIGTERM);
	if (!strcmp(how, "syscall"))
		WITH(CALL, lost, kept, syscall, (long)SYS_exit_group, 5L);
	if (!strcmp(how, "fault"))
		WITH("ud2\n", lost, kept, abort, 0L, 0L);
	if (!strcmp(how, "inline"))
		WITH("mov $62, %%eax\nsyscall\n", lost, kept, abort, pid,
		     (long)SIGTERM);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!strcmp(argv[1], "fresh")) {
		fresh();
		wash();
		__asm__ volatile("ud2");
	}
	end(argv[1]);
	return 3;
}
