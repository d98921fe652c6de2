/* SPDX-License-Identifier: MIT */
#include "addresses.h"

#include "aside.h"
#include "own_memory.h"
#include "rlimit_mark.h"
#include "spare.h"
#include "sys.h"

#define PROGRAM_LEAST (4ull << 20) /* what a small one may take to begin */

static struct addresses begun;

COLD void addresses_fit(uint64_t soft)
{
	uint64_t added = rlimit_mark_given(soft),
		 library = own_memory_library_bytes();

	spare_fit(added > library ? added - library : 0);
}

static bool set(uint64_t soft, uint64_t hard)
{
	return sys_set_limit(RLIMIT_MARK_RESOURCE, soft, hard) == 0;
}

COLD void addresses_begin(void)
{
	struct addresses a = { .changed = true };

	if (sys_limits(RLIMIT_MARK_RESOURCE, &a.soft, &a.hard) < 0)
		return;
	a.soft = rlimit_mark_loaded(a.soft, own_memory_library_bytes());
	if (!rlimit_mark_of(a.soft))
		return;
	if (!set(UINT64_MAX, UINT64_MAX) && !set(a.hard, a.hard))
		return;
	begun = a;
}

COLD void addresses_end(void)
{
	if (!begun.changed)
		return;
	addresses_fit(begun.soft);
	set(begun.soft, begun.hard);
	begun.changed = false;
}

COLD uint64_t addresses_limit(void)
{
	return begun.changed ? begun.soft : sys_limit(RLIMIT_MARK_RESOURCE);
}

COLD bool addresses_are_few(void)
{
	uint64_t soft = sys_limit(RLIMIT_MARK_RESOURCE);

	return rlimit_mark_of(soft) ? rlimit_mark_told(soft) < PROGRAM_LEAST
				    : soft < RLIMIT_MARK_LEAST;
}

struct narrowing {
	struct addresses *to;
	bool loads;
};

static COLD void narrow(void *data)
{
	struct narrowing *n = data;
	struct addresses *a = n->to;

	if (sys_limits(RLIMIT_MARK_RESOURCE, &a->soft, &a->hard) < 0 ||
	    !rlimit_mark_of(a->soft))
		return;
	a->changed = set(
	    n->loads ? rlimit_mark_loading(a->soft, own_memory_library_bytes())
		     : rlimit_mark_told(a->soft),
	    a->hard);
}

COLD void addresses_narrow(struct addresses *a, bool loads)
{
	struct narrowing n = { a, loads };

	a->changed = false;
	if (rlimit_mark_of(sys_limit(RLIMIT_MARK_RESOURCE)))
		aside(narrow, &n);
}

COLD void addresses_widen(const struct addresses *a)
{
	if (a->changed)
		set(a->soft, a->hard);
}
