/* SPDX-License-Identifier: MIT */
/* Changes its own surroundings as argument 1 says, allocates, loses 100. */
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooks.h"

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void *kept[100000];

static void allocate(void)
{
	for (int i = 0; i < 100000; i++)
		kept[i] = malloc(40);
	for (int i = 0; i < 100000; i += 2)
		free(kept[i]);
}

static void *work(void *argument)
{
	free(malloc(100));
	return argument;
}

/* Each gets an arena, most of which is a reservation without access. */
static void start_threads(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* A page that only it knows what it holds. */
static void hide(void)
{
	void **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*page = malloc(50);
	mprotect(page, 4096, PROT_NONE);
}

/* In the middle of much that is not used, of which one page was only read. */
static void put_far(void)
{
	const size_t size = 4ul << 30;
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	madvise(start, size, MADV_NOHUGEPAGE);
	if (*(volatile char *)start)
		puts("NO: empty");
	*(void **)(start + size / 2) = malloc(50);
}

/* What is lost, time after time, beside many blocks in use. */
static void check_often(void)
{
	for (int i = 0; i < 4 && __lsan_do_recoverable_leak_check; i++) {
		lose(100);
		scrub();
		printf("lost: %d\n", __lsan_do_recoverable_leak_check());
	}
}

static void limit_data(rlim_t size)
{
	struct rlimit some = { size, size };

	setrlimit(RLIMIT_DATA, &some);
}

static void change(const char *how, const char *argument)
{
	if (!strcmp(how, "chroot") && (chroot(argument) || chdir("/")))
		puts("NO: chroot");
	if (!strncmp(how, "uid", 3) &&
	    (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		puts("NO: uid");
	if (!strcmp(how, "uid-threads"))
		start_threads();
	if (!strcmp(how, "uid-hide"))
		hide();
	if (!strcmp(how, "uid-far"))
		put_far();
	if (!strcmp(how, "nodump"))
		prctl(PR_SET_DUMPABLE, 0);
	if (!strcmp(how, "umask"))
		umask(0777);
	if (!strcmp(how, "closefrom"))
		closefrom(3);
	if (!strcmp(how, "files")) { /* no more descriptors */
		struct rlimit none = { 3, 3 };

		setrlimit(RLIMIT_NOFILE, &none);
	}
	if (!strcmp(how, "fsize")) {
		struct rlimit none = { 0, 0 };

		signal(SIGXFSZ, SIG_DFL);
		setrlimit(RLIMIT_FSIZE, &none);
	}
	if (!strcmp(how, "data")) /* brk() and private memory */
		limit_data(300 << 20);
	if (!strcmp(how, "little-data"))
		limit_data(16 << 20);
	if (!strcmp(how, "stack")) {
		struct rlimit some = { 64 << 10, 64 << 10 };

		setrlimit(RLIMIT_STACK, &some);
	}
	if (!strncmp(how, "lock", 4) && mlockall(MCL_CURRENT | MCL_FUTURE))
		puts("NO: mlockall");
	if (!strcmp(how, "remove") && system("rm -rf \"$REFKNOT_OUT\""))
		puts("NO: rm");
}

/* Until somebody kills us; the kernel, for memory. */
static void eat(void)
{
	for (;;)
		memset(malloc(1 << 20), 1, 1 << 20);
}

int main(int argc, char **argv)
{
	lose(100);
	scrub();
	change(argv[1], argc > 2 ? argv[2] : "");
	allocate();
	if (!strcmp(argv[1], "lock-check"))
		check_often();
	if (!strcmp(argv[1], "eat"))
		eat();
	puts("end");
	return 0;
}
