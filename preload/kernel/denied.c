/* SPDX-License-Identifier: MIT */
#include "denied.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "environment.h"
#include "sys.h"

#define PATIENCE 100000 /* looks, for others that undo */

/* As calls.def has them. */
enum {
	SPARE, /* hardly missed */
	OPTIONAL = DENIED_OPTIONAL,
	SNAPSHOT = DENIED_SNAPSHOT,
	SIGNALS = DENIED_SIGNALS,
};

/* See calls.def. */
#define HERE          (uint32_t) AT_FDCWD
#define FUTEX_WAITING FUTEX_WAIT_PRIVATE
#define FUTEX_WAKING  FUTEX_WAKE_PRIVATE
static const struct {
	int number;
	unsigned need;
	int forbids; /* not all of `number`; 0: that */
} calls[] = {
#define CALL(number, need, forbids, ...) { number, need, forbids },
#define ALSO(number, ...)
#include "calls.def"
#undef ALSO
#undef CALL
};
#define CALLS      (sizeof(calls) / sizeof(*calls))
#define EVERY_CALL (UINT64_MAX >> (64 - CALLS))
static_assert(CALLS <= 64, "no bit for each in a mask");

/* How they are made, in the same order. */
static const struct way {
	int number;
	bool also; /* another one of the call before */
	uint64_t arguments[6];
} ways[] = {
#define CALL(number, need, forbids, ...) { number, false, { __VA_ARGS__ } },
#define ALSO(number, ...)                { number, true, { __VA_ARGS__ } },
#include "calls.def"
#undef ALSO
#undef CALL
};
#define WAYS (sizeof(ways) / sizeof(*ways))

static bool is_call_allowed(const struct filter *f, int number,
			    const uint64_t *arguments)
{
	uint32_t answer;

	if (!f) /* mode 1 */
		return number == SYS_read || number == SYS_write ||
		       number == SYS_rt_sigreturn;
	answer = filter_answer(f, number, arguments) & SECCOMP_RET_ACTION_FULL;
	return answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG;
}

COLD uint64_t denied_by(const struct filter *filter)
{
	uint64_t bit = 1, mask = 0;

	for (size_t i = 0; i < WAYS; i++) {
		if (i && !ways[i].also)
			bit <<= 1;
		if (!is_call_allowed(filter, ways[i].number, ways[i].arguments))
			mask |= bit;
	}
	return mask;
}

COLD bool denied_loading_by(const struct filter *filter)
{
	const uint64_t opened[6] = { 3, 1, 1, AT_EMPTY_PATH };

	return !is_call_allowed(filter, SYS_newfstatat, opened);
}

COLD bool denied_for(uint64_t mask, unsigned needs)
{
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1 && calls[i].need & needs)
			return true;
	return false;
}

/*
 * Which of the calls a filter that stands denies, and how many that are about
 * to be installed would: several may be at the same time, and the kernel take
 * some, so what one denies is counted.
 */
static uint64_t lasting;
static uint16_t pending[CALLS];
static uint32_t undoing;   /* threads whose filter was not taken */
static bool inherited_all; /* what stood at the start is in `lasting` */
static bool loads_nothing; /* what is executed: the loader may not */

/* What the filters of this thread's vfork child deny, while there is one. */
static _Thread_local uint64_t child_denies;

static bool is_forbidden(int number)
{
	return READ_ONCE(sys_forbidden[number / 64]) >> number % 64 & 1;
}

static int number_of(size_t i)
{
	return calls[i].forbids ? calls[i].forbids : calls[i].number;
}

/* What is denied now, a bit for each call. */
static uint64_t denied(void)
{
	uint64_t mask = 0;

	/* `lasting` last: a filter that lasts is in it before it leaves
	 * `pending`. */
	for (size_t i = 0; i < CALLS; i++)
		if (LOAD_ORDERED(pending[i]))
			mask |= 1ull << i;
	return mask | LOAD_ORDERED(lasting);
}

static bool is_number_in(uint64_t mask, int number)
{
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1 && number_of(i) == number)
			return true;
	return false;
}

COLD uint32_t denied_count(void)
{
	uint64_t missed = 0; /* of use for more than what is hardly missed */
	uint32_t n = 0;

	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].need != SPARE)
			missed |= 1ull << i;
	for (int number = 0; number < SYS_FORBIDDEN_WORDS * 64; number++)
		n += is_forbidden(number) && is_number_in(missed, number);
	return n;
}

static void forbid(int number)
{
	__atomic_fetch_or(&sys_forbidden[number / 64], 1ull << number % 64,
			  __ATOMIC_SEQ_CST);
}

static void forbid_all(uint64_t mask)
{
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1)
			forbid(number_of(i));
}

bool denied_snapshot(void)
{
	return denied_for(denied(), SNAPSHOT);
}

bool denied_handlers(void)
{
	return denied_for(denied(), SNAPSHOT | SIGNALS);
}

bool denied_growth(void)
{
	return is_forbidden(SYS_madvise);
}

static bool is_needed_to_start(int number)
{
	static const int needed[] = { SYS_madvise, SYS_OPEN_TO_WRITE,
				      SYS_openat,  SYS_ftruncate,
				      SYS_mmap,    SYS_mprotect };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (needed[i] == number)
			return true;
	return false;
}

COLD bool denied_start(void)
{
	for (size_t i = 0; i < CALLS; i++)
		if (is_needed_to_start(number_of(i)) &&
		    is_forbidden(number_of(i)))
			return true;
	return false;
}

COLD void denied_announce(uint64_t mask)
{
	__atomic_fetch_add(&sys_unsettled, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1)
			__atomic_fetch_add(&pending[i], 1, __ATOMIC_SEQ_CST);
	/* Of those that undo, each has looked at what was counted before. */
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (!LOAD_ORDERED(undoing))
			return;
		sys_pause();
	}
}

COLD void denied_begin(uint64_t mask)
{
	forbid_all(mask);
}

/* It is installed or not, and no more to come. */
static void count_out(uint64_t mask)
{
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1)
			__atomic_fetch_sub(&pending[i], 1, __ATOMIC_SEQ_CST);
}

static void settle(void)
{
	__atomic_fetch_sub(&sys_unsettled, 1, __ATOMIC_SEQ_CST);
}

COLD void denied_keep(uint64_t mask, bool loads)
{
	if (!loads)
		WRITE_ONCE(loads_nothing, true);
	__atomic_fetch_or(&lasting, mask, __ATOMIC_SEQ_CST);
	count_out(mask);
	settle();
}

/* A handler's filter may come between. */
COLD void denied_undo(uint64_t mask)
{
	count_out(mask);
	__atomic_fetch_add(&undoing, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < CALLS; i++) {
		int number;

		if (is_number_in(denied(), number_of(i)))
			continue;
		number = number_of(i);
		__atomic_fetch_and(&sys_forbidden[number / 64],
				   ~(1ull << number % 64), __ATOMIC_SEQ_CST);
		if (is_number_in(denied(), number_of(i)))
			forbid(number_of(i));
	}
	settle();
}

void denied_undone(void)
{
	__atomic_fetch_sub(&undoing, 1, __ATOMIC_SEQ_CST);
}

COLD void denied_begin_child(uint64_t mask)
{
	if (!sys_child.pid)
		child_denies = 0; /* a former one's */
	if (!sys_begin_child())
		return;
	for (size_t i = 0; i < CALLS; i++)
		if (mask >> i & 1)
			sys_child.forbidden[number_of(i) / 64] |=
			    1ull << number_of(i) % 64;
	child_denies |= mask;
}

/* A handler that comes between does the same once more. */
void denied_inherit(void)
{
	uint64_t inherited;

	if (likely(LOAD_ACQUIRE(inherited_all)))
		return;
	inherited = environment_filters(environment_variables());
	forbid_all(inherited);
	__atomic_fetch_or(&lasting, inherited & EVERY_CALL, __ATOMIC_SEQ_CST);
	STORE_RELEASE(inherited_all, true);
}

/* A vfork child's filter is in the environment only. */
COLD uint64_t denied_bequest(void)
{
	return LOAD_ORDERED(lasting) | environment_filters(__environ);
}

COLD bool denied_to_executed(uint64_t bequest)
{
	for (size_t i = 0; i < CALLS; i++)
		if (bequest >> i & 1 && (number_of(i) == SYS_read ||
					 is_needed_to_start(number_of(i))))
			return true; /* the loader reads a library */
	return READ_ONCE(loads_nothing);
}

COLD void denied_forked(void)
{
	uint64_t last = sys_child.pid ? child_denies : 0;

	for (size_t i = 0; i < CALLS; i++)
		if (__atomic_exchange_n(&pending[i], 0, __ATOMIC_SEQ_CST))
			last |= 1ull << i;
	sys_child.pid = 0;
	last |= __atomic_fetch_or(&lasting, last, __ATOMIC_SEQ_CST);
	forbid_all(last);
	STORE_ORDERED(undoing, 0);
	STORE_ORDERED(sys_unsettled, 0);
}
