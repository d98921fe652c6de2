/* SPDX-License-Identifier: MIT */
/* Limits on address space that a program sets itself: what it is told, and
 * what it gets. */
#include <sys/resource.h>
#include <unistd.h>

#include "../hooks/hooks.h"

#define MIB (1ull << 20)

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
	result = setrlimit(999, &(struct rlimit){ 0 });
	printf("%d %d\n", result, errno);
}

int main(int argc, char **argv)
{
	void *p;

	tell("start");
	if (argc > 1)
		return 0;
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
	return 1;
}
