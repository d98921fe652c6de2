/* SPDX-License-Identifier: MIT */
/* Limits on address space that a program sets itself: what it is told, and
 * what it gets. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"
#include "hooks.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

void __lsan_do_leak_check(void) __attribute__((weak));

static void tell(const char *when)
{
	struct rlimit l = { 1, 1 };
	int result = getrlimit(RLIMIT_AS, &l);

	printf("%s: %d %lld %lld\n", when, result, (long long)l.rlim_cur,
	       (long long)l.rlim_max);
	result = prlimit(getpid(), RLIMIT_AS, NULL, &l);
	printf("%s: %d %lld %lld\n", when, result, (long long)l.rlim_cur,
	       (long long)l.rlim_max);
}

static void set(rlim_t soft, rlim_t hard)
{
	struct rlimit l = { soft, hard }, old = { 2, 2 };

	errno = 0;
	printf("set: %d", setrlimit(RLIMIT_AS, &l));
	printf(" %d", prlimit(0, RLIMIT_AS, &l, &old));
	printf(" %lld %lld, errno %d\n", (long long)old.rlim_cur,
	       (long long)old.rlim_max, errno);
}

/* What the kernel refuses; the compiler must not know that the pointer is
 * null, for getrlimit() is declared to take no such. */
static void bad_calls(void)
{
	struct rlimit *volatile nowhere = NULL;
	int result;

	errno = 0;
	result = getrlimit(RLIMIT_AS, nowhere);
	printf("%d %d\n", result, errno);
	errno = 0;
	result = setrlimit(RLIMIT_AS, nowhere);
	printf("%d %d\n", result, errno);
	errno = 0;
	nowhere = (struct rlimit *)8;
	result = setrlimit(RLIMIT_AS, nowhere);
	printf("%d %d\n", result, errno);
	errno = 0;
	result = getrlimit(RLIMIT_AS, nowhere);
	printf("%d %d\n", result, errno);
	errno = 0;
	result = setrlimit(999, &(struct rlimit){ 0 });
	printf("%d %d\n", result, errno);
}

/* So much is there, and not more. */
static void try_limit(void)
{
	CHECK(malloc(300 * MIB));
	CHECK(!malloc(800 * MIB) && errno == ENOMEM);
}

static void in_children(void (*what)(void))
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		what();
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("child %x\n", status);
}

static void set_and_try(void)
{
	set(GIB, GIB);
	try_limit();
}

/* Nothing is recorded of these children yet when they ask. */
static void tell_child(void)
{
	tell("child");
}

static void children(void)
{
	in_children(set_and_try);
	set(5 * GIB + 1, RLIM_INFINITY);
	in_children(tell_child);
}

static void check_first(void)
{
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	set_and_try();
}

/* Beyond what refknot maps, and the soft limit above the hard one. */
static void high(void)
{
	set(50 * GIB, 300 * GIB);
	CHECK(malloc(300 * MIB));
	set(300 * GIB, 100 * GIB);
	tell("high");
}

/* A hard limit stood before the program began, and it may not raise that. */
static void below(void)
{
	struct rlimit l;

	if (!getuid())
		CHECK(!setuid(65534));
	getrlimit(RLIMIT_AS, &l);
	set(GIB, l.rlim_max);
	tell("soft");
	try_limit();
	set(GIB, GIB);
	tell("both");
	CHECK(setrlimit(RLIMIT_AS, &l) && errno == EPERM);
}

#define MOST 32768 /* pages */

/* Pages of that access that can be mapped, one by one; they are unmapped
 * again. */
static size_t count_pages(size_t most, int access)
{
	static void *pages[MOST];
	size_t n = 0, count;

	while (n < most &&
	       (pages[n] = mmap(NULL, 4096, access, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0)) != MAP_FAILED)
		n++;
	for (count = n; n--;)
		munmap(pages[n], 4096);
	return count;
}

static void count_addresses(void)
{
	size_t pages = count_pages(MOST, PROT_READ), room = 1 << 30;
	void *p = NULL;

	while (room >= 4096 && !(p = malloc(room)))
		room /= 2;
	free(p);
	p = sbrk(8192);
	printf("%zu pages, of which malloc %zu; break %d\n", pages, room,
	       p != (void *)-1);
	fflush(stdout);
}

/* As the parent's, and where one is executed that begins with the limit. */
static void count_in_children(const char *program)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		count_addresses();
		_exit(0);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	printf("forked %x\n", status);
	fflush(stdout);
	child = vfork();
	if (!child) {
		execl(program, program, "count", NULL);
		_exit(1);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	printf("executed %x\n", status);
	fflush(stdout);
}

static const char *self;

static void exact(void)
{
	static const rlim_t limits[] = { 0, 1, 2, 4, 5, 8, 64 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit l = { limits[i] * MIB, limits[i] * MIB };
		int status;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (!child) {
			printf("%d MiB: %d\n", (int)limits[i],
			       setrlimit(RLIMIT_AS, &l));
			count_addresses();
			count_in_children(self);
			_exit(0);
		}
		waitpid(child, &status, 0);
		CHECK(!status);
	}
}

/* The limit becomes another one, and none. */
static void exact_again(void)
{
	set(40 * MIB + 4095, RLIM_INFINITY);
	count_addresses();
	set(20 * MIB, RLIM_INFINITY);
	count_addresses();
	count_in_children(self);
	set(RLIM_INFINITY, RLIM_INFINITY);
	count_addresses();
	set(0, RLIM_INFINITY);
	count_addresses();
	set(30 * MIB, RLIM_INFINITY);
	count_addresses();
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	count_addresses();
}

static void tell_locked(const char *when)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmLck:", 6))
			printf("%s: %s", when, line);
	if (f)
		fclose(f);
	printf("%zu pages\n", count_pages(3000, PROT_READ));
}

/* Memory that is locked, all of it, by an ordinary user. */
static void lock_all(rlim_t kib, int flags)
{
	struct rlimit l = { kib << 10, kib << 10 };
	int result;

	printf("%d KiB: %d\n", (int)kib, setrlimit(RLIMIT_MEMLOCK, &l));
	errno = 0;
	result = mlockall(flags);
	printf("flags %d: %d %d\n", flags, result, errno);
	tell_locked("locked");
	printf("%d\n", malloc(500000) != NULL);
	tell_locked("more");
	printf("again: %d\n", mlockall(MCL_CURRENT));
	tell_locked("again");
	printf("unlocked: %d\n", munlockall());
	tell_locked("unlocked");
	fflush(stdout);
}

static void locked(void)
{
	static const rlim_t limits[] = { 20000, 8192, 4096, 64, 0 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		for (int flags = 1; flags < 8; flags++) {
			pid_t child;

			fflush(stdout);
			child = fork();
			if (!child) {
				lock_all(limits[i], flags);
				_exit(0);
			}
			waitpid(child, NULL, 0);
		}
	lock_all(8192, MCL_CURRENT | MCL_FUTURE);
}

/* What may not be called is of no use to the program itself. */
static void exact_filtered(void)
{
	struct sock_filter one[] = {
		NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_syslog, 0, 1),
		END(SECCOMP_RET_KILL_PROCESS), END(SECCOMP_RET_ALLOW)
	};

	printf("filter %d\n", INSTALL(one));
	exact();
}

/* One that allows limits to be read, but not to be set any more. */
static void fixed(void)
{
	struct sock_filter reads[] = { WITHOUT(SYS_prlimit64, 2, BPF_JGT, 0) };
	struct rlimit l = { 64 * MIB, 64 * MIB };

	printf("%d\n", setrlimit(RLIMIT_AS, &l));
	printf("filter %d\n", INSTALL(reads));
	for (int i = 0; i < 2; i++) {
		pid_t child;
		int status;

		fflush(stdout);
		child = fork();
		if (!child && i)
			execlp("true", "true", NULL);
		if (!child) {
			void *p = malloc(100);

			getrlimit(RLIMIT_AS, &l);
			printf("%d MiB, %d\n", (int)(l.rlim_cur / MIB), !!p);
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, &status, 0);
		printf("%x\n", status);
	}
}

/* As many blocks as there are under a limit on data. */
static void fill_data(rlim_t mib)
{
	struct rlimit l = { mib * MIB, mib * MIB };
	size_t n = 0;

	CHECK(!setrlimit(RLIMIT_DATA, &l));
	printf("%zu pages\n", count_pages(MOST, PROT_READ | PROT_WRITE));
	while (n < 8192 && malloc(1000))
		n++;
	printf("%d MiB: %zu blocks\n", (int)mib, n);
}

static void data(void)
{
	for (rlim_t mib = 6; mib >= 2; mib--) {
		pid_t child;

		fflush(stdout);
		child = fork();
		if (!child) {
			fill_data(mib);
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	fill_data(2);
}

static const struct {
	const char *name;
	void (*run)(void);
} corners[] = { { "children", children },
		{ "checked", check_first },
		{ "high", high },
		{ "below", below },
		{ "data", data },
		{ "count", count_addresses },
		{ "exact", exact },
		{ "again", exact_again },
		{ "filtered", exact_filtered },
		{ "fixed", fixed },
		{ "locked", locked } };

static void usual(char **argv)
{
	void *p;

	set(12345678, RLIM_INFINITY);
	tell("odd");
	set(300 * MIB, 1000 * MIB);
	tell("round");
	p = malloc(100 * MIB);
	CHECK(p);
	CHECK(!malloc(600 * MIB) && errno == ENOMEM);
	CHECK(realloc(p, 120 * MIB));
	CHECK(!realloc(lose(10), 700 * MIB) && errno == ENOMEM);
	set(2000 * MIB, 1000 * MIB); /* the soft one above the hard one */
	set(900 * MIB, 1000 * MIB);
	tell("again");
	CHECK(malloc(400 * MIB));
	bad_calls();
	fflush(stdout);
	execl(argv[0], argv[0], "told", NULL);
}

int main(int argc, char **argv)
{
	self = argv[0];
	tell("start");
	for (size_t i = 0; argc > 1 && i < sizeof(corners) / sizeof(*corners);
	     i++)
		if (!strcmp(argv[1], corners[i].name))
			corners[i].run();
	if (argc == 1)
		usual(argv);
	return argc == 1;
}
