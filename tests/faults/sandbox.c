/* SPDX-License-Identifier: MIT */
/*
 * Puts itself under a seccomp filter (argument 1), which kills for every call
 * that is not listed, allocates, loses 100 bytes, and ends as argument 2 says.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../hooks/hooks.h"

#define ALLOW(number)                                                          \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                     \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER                                                                 \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define END(answer) BPF_STMT(BPF_RET | BPF_K, answer)

/* What the C library needs to allocate, print and end. */
#define FEW                                                                    \
	NUMBER, ALLOW(SYS_mmap), ALLOW(SYS_munmap), ALLOW(SYS_mremap),         \
	    ALLOW(SYS_brk), ALLOW(SYS_write), ALLOW(SYS_exit_group)

static struct sock_filter few[] = { FEW, END(SECCOMP_RET_KILL_PROCESS) };
static struct sock_filter refusing[] = { FEW, END(SECCOMP_RET_ERRNO | 38) };
static struct sock_filter trapping[] = { FEW, ALLOW(SYS_rt_sigreturn),
					 END(SECCOMP_RET_TRAP) };
static struct sock_filter mmap_alone[] = { NUMBER, ALLOW(SYS_mmap),
					   ALLOW(SYS_exit_group),
					   END(SECCOMP_RET_KILL_PROCESS) };
/* All but one that nobody here makes. */
static struct sock_filter all[] = {
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
	END(SECCOMP_RET_KILL_PROCESS), END(SECCOMP_RET_ALLOW)
};
/* open for reading alone: the argument decides. */
static struct sock_filter reading[] = {
	NUMBER,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		 offsetof(struct seccomp_data, args[2])),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	END(SECCOMP_RET_KILL_PROCESS),
	END(SECCOMP_RET_ALLOW)
};

#define FILTER(name)                                                           \
	{                                                                      \
#name, name, sizeof(name) / sizeof(*(name))                    \
	}
static struct {
	const char *name;
	struct sock_filter *filter;
	unsigned short size;
} filters[] = { FILTER(few),        FILTER(refusing), FILTER(trapping),
		FILTER(mmap_alone), FILTER(all),      FILTER(reading) };

static void enter(const char *name)
{
	struct sock_fprog p = { 0, NULL };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!strcmp(name, "bad")) { /* the kernel refuses all of these */
		printf("%d", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p));
		printf(" %d", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8));
		p.len = 3;
		printf(" %d\n", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p));
		return;
	}
	if (!strcmp(name, "strict")) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		return;
	}
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		if (!strcmp(name, filters[i].name))
			p = (struct sock_fprog){ filters[i].size,
						 filters[i].filter };
	if (getenv("BY_SYSCALL"))
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
	else
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
}

static void *kept[200000];

/* 6 MiB in small blocks from code that is new, and a large one. */
static NOINLINE void allocate(int n)
{
	void *p = malloc(5 << 20);

	OPAQUE(p);
	if (n > 100)
		free(p);
	for (int i = 0; i < n; i++)
		kept[i] = malloc(24);
	for (int i = 0; i < n; i += 2)
		free(kept[i]);
}

static void fork_once(void)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(lose(44) ? 3 : 4);
	waitpid(child, &status, 0);
	printf("child %x\n", status);
}

int main(int argc, char **argv)
{
	int strict = !strcmp(argv[1], "strict");

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 4096);
	puts("begin"); /* what the C library asks for once */
	free(malloc(1));
	if (strict) /* the heap has room for what follows */
		free(malloc(100000));
	enter(argv[1]);
	lose(100);
	scrub();
	if (strict) {
		write(1, "end\n", 4);
		syscall(SYS_exit, 0);
	}
	allocate(strcmp(argv[1], "mmap_alone") ? 200000 : 100);
	if (!strcmp(argv[2], "signal"))
		raise(SIGTERM);
	if (!strcmp(argv[2], "fault"))
		*(volatile char *)8 = 1;
	if (!strcmp(argv[2], "fork"))
		fork_once();
	if (strcmp(argv[1], "mmap_alone"))
		puts("end");
	if (!strcmp(argv[2], "raw"))
		syscall(SYS_exit_group, 7);
	return 0;
}
