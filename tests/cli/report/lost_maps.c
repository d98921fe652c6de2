/* SPDX-License-Identifier: MIT */
/*
 * Maps memory and forgets it in the way that the argument names, or keeps one word
 * that leads to it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <refknot.h>

#include "../../../samples/scrub.h"

#define PAGE 4096ul
#define SIZE (16 * PAGE)

static volatile uintptr_t kept;
static uintptr_t *volatile block;
char *some[1000];

static NOINLINE char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	*p = 1;
	p[size - 1] = 1;
	return p;
}

/* Something of another site lies between what was mapped before and comes, if
 * neither is smaller. */
static NOINLINE void apart(void)
{
	mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static NOINLINE void lost(void)
{
	map(SIZE);
}

static NOINLINE void start(void)
{
	kept = (uintptr_t)map(SIZE);
}

static NOINLINE void middle(void)
{
	kept = (uintptr_t)map(SIZE) + SIZE / 2 + 1;
}

static NOINLINE void end(void)
{
	kept = (uintptr_t)map(SIZE) + SIZE;
}

static NOINLINE void outside(void)
{
	kept = (uintptr_t)map(SIZE) - 1;
}

static NOINLINE void page_number(void)
{
	kept = ((uintptr_t)map(SIZE) >> 12) + 7;
}

static NOINLINE void in_block(void)
{
	block = malloc(1000);
	block[77] = (uintptr_t)map(SIZE);
}

static NOINLINE void in_lost_block(void)
{
	*(volatile uintptr_t *)malloc(10000) = (uintptr_t)map(SIZE);
}

static NOINLINE void beside_lost_block(void)
{
	*(volatile char *)malloc(10000) = 1;
	map(SIZE);
}

static NOINLINE void in_freed_block(void)
{
	volatile uintptr_t *p = malloc(1000);

	p[77] = (uintptr_t)map(SIZE);
	free((void *)p);
}

static NOINLINE void in_block_not_searched(void)
{
	block = malloc(1000);
	block[77] = (uintptr_t)map(SIZE);
	refknot_no_scan(block);
}

static NOINLINE void itself(void)
{
	uintptr_t *p = (uintptr_t *)map(SIZE);

	p[5] = (uintptr_t)p;
	p[6] = (uintptr_t)p >> 12;
}

/* The first is lost, and the second is not, as it has a pointer. */
static NOINLINE void in_lost_mapping(void)
{
	uintptr_t *p = (uintptr_t *)map(SIZE);

	apart();
	*p = (uintptr_t)map(2 * SIZE);
}

static NOINLINE void in_register(void)
{
	char *p = map(SIZE);

	scrub();
	__asm__ volatile("mov %0, %%r15\n\t"
			 "xor %%eax, %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "call exit@plt"
			 :
			 : "b"(p)
			 : "memory");
}

static volatile int ready;

static void *hold_in_register(void *unused)
{
	char *p = map(SIZE);

	(void)unused;
	scrub();
	__asm__ volatile("mov %0, %%r15\n\t"
			 "xor %0, %0\n\t"
			 "movl $1, %1\n"
			 "1:\tpause\n\t"
			 "jmp 1b"
			 : "+b"(p), "=m"(ready)
			 :
			 : "memory", "r15");
	return NULL;
}

static NOINLINE void in_thread_register(void)
{
	pthread_t t;

	pthread_create(&t, NULL, hold_in_register, NULL);
	while (!ready)
		usleep(1000);
}

static NOINLINE void half(void)
{
	char *p = map(SIZE);

	munmap(p, SIZE / 2);
}

static NOINLINE void half_known(void)
{
	char *p = map(SIZE);

	munmap(p, SIZE / 2);
	kept = (uintptr_t)p;
}

static NOINLINE void hole_known(void)
{
	char *p = map(SIZE);

	munmap(p + PAGE, SIZE - 2 * PAGE);
	kept = (uintptr_t)p + SIZE / 2;
}

/* The middle is given back, and the start leads to both ends. */
static NOINLINE void hole(void)
{
	char *p = map(3 * SIZE);

	munmap(p + SIZE, SIZE);
	kept = (uintptr_t)p;
}

/* A loop that forgets each but the last. */
static NOINLINE void forgets(void)
{
	char *last = NULL;

	for (int i = 0; i < 10; i++) {
		char *p = map(SIZE);

		if (last && p + SIZE != last)
			puts("apart");
		last = p;
	}
	kept = (uintptr_t)last;
}

static NOINLINE char *moved(void)
{
	char *p = map(SIZE), *to;

	apart();
	to = map(4 * SIZE);
	munmap(to, 4 * SIZE);
	to = mremap(p, SIZE, 3 * SIZE, MREMAP_MAYMOVE);
	if (to == MAP_FAILED)
		abort();
	return to;
}

static NOINLINE void moved_lost(void)
{
	moved();
}

static NOINLINE void moved_known(void)
{
	kept = (uintptr_t)moved() + 2 * SIZE;
}

/* By a way that nobody sees. */
static void unmap(const char *p, size_t size)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_munmap), "D"(p), "S"(size)
			 : "rcx", "r11", "memory");
	if (result)
		abort();
}

static NOINLINE void raw(void)
{
	unmap(map(SIZE), SIZE);
}

/* malloc gets the same addresses. */
static NOINLINE void raw_again(void)
{
	const size_t size = 1 << 20;

	unmap(map(size), size);
	kept = ~(uintptr_t)malloc(size - PAGE);
}

static NOINLINE void signal_stack(void)
{
	stack_t s = { .ss_size = SIZE };

	s.ss_sp = map(SIZE);
	sigaltstack(&s, NULL);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	ready = 1;
	for (;;)
		pause();
	return NULL;
}

static NOINLINE void thread_stack(void)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstack(&a, map(16 * SIZE), 16 * SIZE);
	pthread_create(&t, &a, wait_for_ever, NULL);
	memset(&a, 0, sizeof(a));
	while (!ready)
		usleep(1000);
}

static NOINLINE void named(void)
{
	mmap((void *)0x7e0000000000, SIZE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static NOINLINE void fixed(void)
{
	mmap((void *)0x7e0000000000, SIZE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static NOINLINE void hidden(void)
{
	mprotect(map(SIZE), SIZE, PROT_NONE);
}

static NOINLINE void shared(void)
{
	mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	     0);
}

/* The only word that leads there is in memory that cannot be written any more. */
static void seal(uintptr_t *page, int access)
{
	if (page == MAP_FAILED)
		abort();
	page[10] = (uintptr_t)map(SIZE);
	mprotect(page, PAGE, access);
	kept = (uintptr_t)page;
}

static NOINLINE void sealed(void)
{
	seal(mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	     PROT_READ);
}

static NOINLINE void sealed_code(void)
{
	int fd = memfd_create("code", 0);

	if (fd < 0 || ftruncate(fd, PAGE))
		abort();
	seal(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0),
	     PROT_READ | PROT_EXEC);
	close(fd);
}

extern void __lsan_register_root_region(const void *p, size_t size)
    __attribute__((weak));

static NOINLINE void declared(void)
{
	char *p = map(SIZE);

	if (__lsan_register_root_region)
		__lsan_register_root_region(p + PAGE, PAGE);
}

/* Three that touch each other, made at one place; the kernel has one mapping. */
static NOINLINE void three(int known)
{
	char *p[3];

	for (int i = 0; i < 3; i++)
		p[i] = map(SIZE);
	if (p[0] != p[1] + SIZE || p[1] != p[2] + SIZE)
		puts("apart");
	kept = (uintptr_t)p[known] + PAGE;
}

static NOINLINE void lowest(void)
{
	three(2);
}

static NOINLINE void highest(void)
{
	three(0);
}

static NOINLINE void many(void)
{

	for (int i = 0; i < 1000; i++) {
		char *p = map(SIZE);

		apart();
		if (i % 10)
			some[i] = p;
	}
}

static NOINLINE void child(void)
{
	kept = (uintptr_t)map(SIZE);
	if (!fork()) {
		*(volatile char *)malloc(1) = 1;
		apart();
		map(2 * SIZE);
		kept = 0;
		scrub();
		exit(0);
	}
	wait(NULL);
}

static NOINLINE void killed(void)
{
	map(SIZE);
	kill(getpid(), SIGKILL);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}
	CASE(lost),
	CASE(start),
	CASE(middle),
	CASE(end),
	CASE(outside),
	CASE(page_number),
	CASE(in_block),
	CASE(in_lost_block),
	CASE(beside_lost_block),
	CASE(in_freed_block),
	CASE(itself),
	CASE(in_lost_mapping),
	CASE(in_register),
	CASE(in_thread_register),
	CASE(half),
	CASE(half_known),
	CASE(hole_known),
	CASE(hole),
	CASE(forgets),
	CASE(moved_lost),
	CASE(moved_known),
	CASE(raw),
	CASE(raw_again),
	CASE(signal_stack),
	CASE(thread_stack),
	CASE(named),
	CASE(fixed),
	CASE(hidden),
	CASE(shared),
	CASE(sealed),
	CASE(sealed_code),
	CASE(declared),
	CASE(lowest),
	CASE(highest),
	CASE(many),
	CASE(child),
	CASE(killed),
	CASE(in_block_not_searched),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (argc == 2 && !strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			scrub();
			return 0;
		}
	return 2;
}
