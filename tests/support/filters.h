/* SPDX-License-Identifier: MIT */
/* Pieces of seccomp filters, for programs that put themselves under one. */
#ifndef FILTERS_H
#define FILTERS_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(number)                                                          \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                     \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER                                                                 \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ARGUMENT(n)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                     \
		 offsetof(struct seccomp_data, args[n]))
#define END(answer) BPF_STMT(BPF_RET | BPF_K, answer)

/* What the C library needs to allocate, print and end. */
#define FEW                                                                    \
	NUMBER, ALLOW(SYS_mmap), ALLOW(SYS_munmap), ALLOW(SYS_mremap),         \
	    ALLOW(SYS_brk), ALLOW(SYS_write), ALLOW(SYS_exit_group)

/* All but call `number` whose argument n compares so (BPF_J..) with `value`. */
#define WITHOUT(number, n, compares, value)                                    \
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),             \
	    ARGUMENT(n), BPF_JUMP(BPF_JMP | compares | BPF_K, value, 0, 1),    \
	    END(SECCOMP_RET_KILL_PROCESS), END(SECCOMP_RET_ALLOW)

/* 0, or -1 and errno. */
#define INSTALL(filter) install(filter, sizeof(filter) / sizeof(*(filter)))
static inline int install(struct sock_filter *filter, size_t count)
{
	struct sock_fprog p = { (unsigned short)count, filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
}

#endif
