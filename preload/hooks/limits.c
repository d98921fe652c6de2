/* SPDX-License-Identifier: MIT */
/*
 * The limit on address space: the store takes much of that and uses little, so
 * a program that limits itself while it is recorded gets as much as it asks for
 * beside the store. It sees the limit that it asked for.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addresses.h"
#include "aside.h"
#include "compiler.h"
#include "libc.h"
#include "privileges.h"
#include "process.h"
#include "real.h"
#include "rlimit_mark.h"
#include "skipped.h"
#include "sys.h"
#include "zeros.h"

/* Unit tests of parts of the shim have none. */
#pragma weak zeros_uncount

/* The C library's header gives one name the other's symbol; here both are
 * needed, so its types are, too. They are the same on this machine. */
typedef struct {
	uint64_t rlim_cur, rlim_max;
} limit;
EXPORT int prlimit(int pid, int resource, const limit *new, limit *old);
EXPORT int prlimit64(int pid, int resource, const limit *new, limit *old);
EXPORT int setrlimit(int resource, const limit *new);
EXPORT int setrlimit64(int resource, const limit *new);
EXPORT int getrlimit(int resource, limit *old);
EXPORT int getrlimit64(int resource, limit *old);

#define RESOURCE_FILE_SIZE 1 /* RLIMIT_FSIZE */
#define RESOURCE_DATA      2 /* RLIMIT_DATA */
#define RESOURCE_FILES     7 /* RLIMIT_NOFILE */

/*
 * What was set last, marked, and what the program asked for, which that tells
 * only in KiB. Threads and handlers may set limits at the same time: `changes`
 * is odd while one writes, and who comes between notes or believes nothing. A
 * thread that is forked away in the middle leaves it odd: then KiB are told.
 */
static struct {
	uint32_t changes;
	limit set, asked;
} last;

static void store_limit(limit *to, const limit *from)
{
	WRITE_ONCE(to->rlim_cur, from->rlim_cur);
	WRITE_ONCE(to->rlim_max, from->rlim_max);
}

static limit load_limit(const limit *from)
{
	return (limit){ READ_ONCE(from->rlim_cur), READ_ONCE(from->rlim_max) };
}

static void note(const limit *set, const limit *asked)
{
	uint32_t n = READ_ONCE(last.changes);

	if (n % 2 || !CHANGE(last.changes, n, n + 1))
		return;
	/* No value is seen before the odd number is. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store_limit(&last.set, set);
	store_limit(&last.asked, asked);
	STORE_RELEASE(last.changes, n + 2);
}

/* False: somebody is writing them. */
static bool read_last(limit *set, limit *asked)
{
	uint32_t n = LOAD_ACQUIRE(last.changes);

	*set = load_limit(&last.set);
	*asked = load_limit(&last.asked);
	/* The number is read again after all values. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return n % 2 == 0 && READ_ONCE(last.changes) == n;
}

static COLD void hide(limit *l)
{
	limit set, asked, now = *l;
	bool known = read_last(&set, &asked);

	l->rlim_cur = known && now.rlim_cur == set.rlim_cur
			  ? asked.rlim_cur
			  : rlimit_mark_told(now.rlim_cur);
	l->rlim_max = known && now.rlim_max == set.rlim_max
			  ? asked.rlim_max
			  : rlimit_mark_told(now.rlim_max);
}

/* A hard limit that stood before the store was made may leave no room for both:
 * then it stays, and what is below it is the program's. */
static COLD int set_below(const limit *wanted, limit *marked)
{
	limit now, told;
	int result = real.prlimit64(0, RLIMIT_MARK_RESOURCE, marked, NULL);

	if (!result || real.prlimit64(0, RLIMIT_MARK_RESOURCE, NULL, &now))
		return result;
	told = now;
	hide(&told);
	if (wanted->rlim_max > told.rlim_max ||
	    marked->rlim_max <= now.rlim_max)
		return result;
	marked->rlim_max = now.rlim_max;
	if (marked->rlim_cur > now.rlim_max)
		marked->rlim_cur = now.rlim_max;
	return real.prlimit64(0, RLIMIT_MARK_RESOURCE, marked, NULL);
}

/* As large as the program wants, beside a store of whatever recording: a forked
 * child has its parent's until it has its own. */
static COLD int set_beside(const limit *wanted)
{
	const uint64_t mapped = READ_ONCE(store.mapped);
	limit marked = { rlimit_mark_set(wanted->rlim_cur, mapped),
			 rlimit_mark_set(wanted->rlim_max, mapped) };
	const bool owns = process_owns_memory();
	const uint64_t soft = marked.rlim_cur;
	int result;

	if (owns && wanted->rlim_cur < RLIMIT_MARK_ENDLESS)
		addresses_fit(soft);
	result = set_below(wanted, &marked);
	if (owns && marked.rlim_cur != soft)
		addresses_fit(0);
	if (!result && owns)
		note(&marked, wanted);
	return result;
}

/* False: the program gave no pointer to one. */
static bool read_limit(limit *to, const limit *from)
{
	long size = sys_peek(sys_pid(), to, ADDRESS(from), sizeof(*to));

	if (size == -EPERM || size == -ENOSYS)
		*to = *from;
	return size == sizeof(*to) || size == -EPERM || size == -ENOSYS;
}

static void uncount(void *unused)
{
	(void)unused;
	zeros_uncount();
}

static COLD int change(int pid, int resource, const limit *new, limit *old)
{
	limit wanted = { 0 }, former = { 0 };
	struct privileges privileges;
	const bool own = !pid || pid == sys_pid();
	int saved = libc_errno, result;

	real_resolve();
	/* Of a program that is skipped refknot's own variables count until it
	 * sets a limit on that; see zeros.h. */
	if (zeros_uncount && new &&own &&
	    resource == RESOURCE_DATA &&skipped() && process_owns_memory())
		aside(uncount, NULL);
	/* With files that are too small, or too few, no recording begins. */
	if (new &&own &&
	    (resource == RESOURCE_FILE_SIZE || resource == RESOURCE_FILES))
		privileges_enter(&privileges, HIDES_NOTHING);
	if (!own || resource != RLIMIT_MARK_RESOURCE || libc_is_secure() ||
	    (new && !read_limit(&wanted, new)))
		return real.prlimit64(pid, resource, new, old);
	result = real.prlimit64(0, resource, NULL, &former);
	hide(&former);
	if (!result && new)
		result = READ_ONCE(store.header) &&
				 wanted.rlim_cur <= wanted.rlim_max
			     ? set_beside(&wanted)
			     : real.prlimit64(0, resource, &wanted, NULL);
	/* The kernel finds out whether there is room for the answer. */
	if (!result && old) {
		result = real.prlimit64(0, resource, NULL, old);
		if (!result)
			*old = former;
	}
	if (!result)
		libc_errno = saved;
	return result;
}

int prlimit(int pid, int resource, const limit *new, limit *old)
{
	return change(pid, resource, new, old);
}

int prlimit64(int pid, int resource, const limit *new, limit *old)
{
	return change(pid, resource, new, old);
}

int setrlimit(int resource, const limit *new)
{
	return change(0, resource, new, NULL);
}

int setrlimit64(int resource, const limit *new)
{
	return change(0, resource, new, NULL);
}

int getrlimit(int resource, limit *old)
{
	return change(0, resource, NULL, old);
}

int getrlimit64(int resource, limit *old)
{
	return change(0, resource, NULL, old);
}
