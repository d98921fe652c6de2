/* SPDX-License-Identifier: MIT */
/* Maps and unmaps in ways that are hard to follow; see test_maps.py. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone, noipa, unused))
#define PAGE     4096ul
#define MANY     50000
#define SOME     2000

static char *unmapped[SOME];
static volatile int done;
static sigjmp_buf place;

static char *map_at(void *at, size_t size, int flags)
{
	char *p = mmap(at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void timer(int us)
{
	const struct itimerval it = { { 0, us }, { 0, us } };

	if (setitimer(ITIMER_REAL, &it, NULL))
		abort();
}

/* Neither can be done: what is mapped stays so. */
static void fail(void)
{
	char *p = map_at(NULL, 64 << 20, 0);

	if (mremap(p + (8 << 20), 4 << 20, 8 << 20, 0) != MAP_FAILED)
		abort();
	if (munmap(p, 1ul << 47) != -1)
		abort();
}

static void ask_for_the_break(void)
{
	char *low = map_at((void *)0x10000000, 1 << 20, MAP_FIXED);

	if (sbrk(8 << 20) == (void *)-1 || brk(NULL) || !low)
		abort();
}

static NOINLINE char *map_by_syscall(void)
{
	return (char *)syscall(SYS_mmap, NULL, 1 << 20, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void call_the_kernel(void)
{
	char *p = map_by_syscall();

	syscall(SYS_munmap, p, PAGE);
	p = map_by_syscall();
	p = (char *)syscall(SYS_mremap, p, 1 << 20, 2 << 20, MREMAP_MAYMOVE);
	syscall(SYS_munmap, map_at(NULL, 1 << 20, 0), 1 << 20);
	syscall(SYS_munmap, p + 1, PAGE); /* fails */
}

static void unmap_one(int signal)
{
	(void)signal;
	if (done < SOME && !munmap(unmapped[done], PAGE))
		done++;
}

/* Most signals interrupt malloc or free, in refknot. */
static void unmap_in_handlers(void)
{
	void *blocks[64] = { NULL };

	for (int i = 0; i < SOME; i++)
		unmapped[i] = map_at(NULL, PAGE, 0);
	signal(SIGALRM, unmap_one);
	timer(100);
	for (unsigned i = 0; done < SOME; i++) {
		free(blocks[i % 64]);
		blocks[i % 64] = malloc(16 + i % 1000);
	}
}

static void jump(int signal)
{
	(void)signal;
	done++;
	siglongjmp(place, 1);
}

/* Then a hundred that stay. */
static void jump_out_of_handlers(void)
{
	signal(SIGALRM, jump);
	if (sigsetjmp(place, 1) == 0 || done < SOME) {
		timer(200);
		while (done < SOME)
			munmap(map_at(NULL, PAGE, 0), PAGE);
	}
	timer(0);
	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < SOME; i++)
		map_at(NULL, PAGE, 0);
}

static void map_a_page(int signal)
{
	(void)signal;
	munmap(map_at(NULL, PAGE, 0), PAGE);
	done++;
}

static __attribute__((noinline)) void *allocate_at(int depth)
{
	void *volatile p = depth ? allocate_at(depth - 1) : malloc(100);

	return p;
}

/* Handlers that map, on a stack that lies above what they interrupt. */
static void map_on_a_signal_stack(void)
{
	char stack[1 << 16];
	stack_t s = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction a = { .sa_handler = map_a_page,
			       .sa_flags = SA_ONSTACK | SA_RESTART };

	sigaltstack(&s, NULL);
	sigaction(SIGALRM, &a, NULL);
	timer(500);
	for (int n = 0; done < SOME; n++)
		free(allocate_at(n * 7 % 23));
	timer(0);
	s.ss_flags = SS_DISABLE;
	sigaltstack(&s, NULL);
}

/* Commits what was reserved, piece by piece, and gives back parts. */
static void map_many(void)
{
	char *p = mmap(NULL, MANY * 4 * PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rusage use;

	for (size_t i = 0; i < MANY; i++)
		map_at(p + i * 4 * PAGE, 4 * PAGE, MAP_FIXED);
	for (size_t i = 0; i < MANY; i++)
		if (munmap(p + i * 4 * PAGE, PAGE))
			break; /* the kernel has only so many */
	getrusage(RUSAGE_SELF, &use);
	printf("%ld\n",
	       use.ru_utime.tv_sec * 1000 + use.ru_utime.tv_usec / 1000);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	static const struct {
		const char *mode;
		void (*f)(void);
	} all[] = {
		{ "fails", fail },
		{ "break", ask_for_the_break },
		{ "syscall", call_the_kernel },
		{ "handlers", unmap_in_handlers },
		{ "jumps", jump_out_of_handlers },
		{ "many", map_many },
		{ "signal_stack", map_on_a_signal_stack },
	};

	free(malloc(1));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(mode, all[i].mode) == 0)
			all[i].f();
	fflush(stdout);
	return 0;
}
