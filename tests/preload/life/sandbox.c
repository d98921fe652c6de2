/* SPDX-License-Identifier: MIT */
/*
 * Puts itself under a seccomp filter (argument 1), which kills for every call
 * that is not listed, allocates, loses 100 bytes, and ends as argument 2 says.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"
#include "hooks.h"

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
	ARGUMENT(2),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	END(SECCOMP_RET_KILL_PROCESS),
	END(SECCOMP_RET_ALLOW)
};
/* openat's directory as the C library passes it, all 64 bits of it. */
static struct sock_filter wide[] = {
	NUMBER,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		 offsetof(struct seccomp_data, args[0]) + 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	END(SECCOMP_RET_KILL_PROCESS),
	END(SECCOMP_RET_ALLOW)
};
/* No directories; no new files; no word on how memory will be used. */
static struct sock_filter no_directory[] = { WITHOUT(SYS_openat, 2, BPF_JSET,
						     O_DIRECTORY) };
static struct sock_filter no_new_file[] = { WITHOUT(SYS_openat, 2, BPF_JSET,
						    O_CREAT) };
/* What refknot hardly misses. */
static struct sock_filter no_link[] = { WITHOUT(SYS_symlink, 0, BPF_JGE, 0) };
static struct sock_filter no_down[] = { WITHOUT(SYS_mmap, 3, BPF_JSET,
						MAP_GROWSDOWN) };
static struct sock_filter no_scan[] = { WITHOUT(SYS_ioctl, 1, BPF_JEQ,
						0xc0606610u) };
static struct sock_filter no_random[] = { WITHOUT(SYS_madvise, 2, BPF_JEQ,
						  MADV_RANDOM) };

#define FILTER(rows)                                                           \
	{                                                                      \
		.name = #rows, .filter = rows,                                 \
		.size = sizeof(rows) / sizeof(*(rows))                         \
	}
static struct {
	const char *name;
	struct sock_filter *filter;
	unsigned short size;
} filters[] = { FILTER(few),        FILTER(refusing),     FILTER(trapping),
		FILTER(mmap_alone), FILTER(all),          FILTER(reading),
		FILTER(wide),       FILTER(no_directory), FILTER(no_new_file),
		FILTER(no_random),  FILTER(no_link),      FILTER(no_scan),
		FILTER(no_down) };

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
