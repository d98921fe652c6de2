/* SPDX-License-Identifier: MIT */
/* Which filters that stood before kill for what, as found out by trying. */
#include <linux/kcmp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "filters.h"
#include "seccomp.h"

static const int numbers[] = {
#define CALL(number, need, forbids, ...) number,
#define ALSO(number, ...)
#include "calls.def"
#undef ALSO
#undef CALL
};
#define CALLS (sizeof(numbers) / sizeof(*numbers))

/* The bits of all calls of that number. */
static uint64_t bits_of(int number)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < CALLS; i++)
		bits |= (uint64_t)(numbers[i] == number) << i;
	return bits;
}

/* What is found in a child under that filter. */
static uint64_t found(struct sock_filter *filter, size_t count)
{
	uint64_t *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t value;
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSYS, SIG_DFL); /* cmocka has its own */
		if (count && install(filter, count))
			_exit(1);
		*result = seccomp_kills();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	value = *result;
	munmap(result, sizeof(*result));
	return value;
}
#define FOUND(filter) found(filter, sizeof(filter) / sizeof(*(filter)))

static void where_none_stands_nothing_is_tried(void **state)
{
	(void)state;
	assert_int_equal(found(NULL, 0), 0);
}

static void one_that_allows_all_kills_for_nothing(void **state)
{
	struct sock_filter all[] = { END(SECCOMP_RET_ALLOW) };

	(void)state;
	assert_int_equal(FOUND(all), 0);
}

static void what_kills_is_found_and_what_refuses_is_not(void **state)
{
	struct sock_filter kills[] = { WITHOUT(SYS_tgkill, 0, BPF_JGE, 0) };
	struct sock_filter traps[] = {
		NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mincore, 0, 1),
		END(SECCOMP_RET_TRAP), END(SECCOMP_RET_ALLOW)
	};
	struct sock_filter refuses[] = {
		NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mincore, 0, 1),
		END(SECCOMP_RET_ERRNO | 1), END(SECCOMP_RET_ALLOW)
	};

	(void)state;
	assert_int_not_equal(bits_of(SYS_tgkill), 0);
	assert_int_equal(FOUND(kills), bits_of(SYS_tgkill));
	assert_int_equal(FOUND(traps), bits_of(SYS_mincore));
	assert_int_equal(FOUND(refuses), 0);
}

/* Not of the list by itself: it is what keeps children from leaving cores. */
static void one_that_kills_for_limits_ends_nothing(void **state)
{
	struct sock_filter kills[] = { WITHOUT(SYS_prlimit64, 0, BPF_JGE, 0) };

	(void)state;
	assert_int_equal(FOUND(kills), bits_of(SYS_prlimit64));
}

/* Only to set one is another call than to read it. */
static void what_kills_for_some_arguments_is_one_call(void **state)
{
	struct sock_filter sets[] = { WITHOUT(SYS_prlimit64, 2, BPF_JGT, 0) };
	struct sock_filter grows[] = { WITHOUT(SYS_mmap, 3, BPF_JSET,
					       MAP_GROWSDOWN) };
	uint64_t bits = FOUND(sets);

	(void)state;
	assert_int_equal(__builtin_popcountll(bits), 1);
	assert_int_equal(bits & ~bits_of(SYS_prlimit64), 0);
	assert_int_equal(__builtin_popcountll(bits_of(SYS_prlimit64)), 2);
	bits = FOUND(grows);
	assert_int_equal(__builtin_popcountll(bits), 1);
	assert_int_equal(bits & ~bits_of(SYS_mmap), 0);
}

static void the_status_says_whether_one_stands(void **state)
{
	(void)state;
	assert_true(seccomp_stands("Name:\ta\nSeccomp:\t2\nSpeculation:\tx\n"));
	assert_false(seccomp_stands("Name:\ta\nSeccomp:\t0\nSeccomp_filters:\t0"
				    "\n"));
	assert_false(seccomp_stands("Name:\tSeccomp:\t2\n"));
	assert_false(seccomp_stands(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_none_stands_nothing_is_tried),
		cmocka_unit_test(one_that_allows_all_kills_for_nothing),
		cmocka_unit_test(what_kills_is_found_and_what_refuses_is_not),
		cmocka_unit_test(one_that_kills_for_limits_ends_nothing),
		cmocka_unit_test(what_kills_for_some_arguments_is_one_call),
		cmocka_unit_test(the_status_says_whether_one_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
