/* SPDX-License-Identifier: MIT */
/*
 * The limit on address space: the store takes much of that and uses little, so
 * a program that limits itself while it is recorded gets as much as it asks for
 * beside the store. What it asks for is what it is told.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "process.h"
#include "real.h"
#include "store.h"
#include "sys.h"

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

/* What was set last, marked, and what the program asked for. */
static limit set, asked;

static bool is_ours(int pid, int resource)
{
	return resource == STORE_RESOURCE && process_page.epoch &&
	       store.size == STORE_MOST && (!pid || pid == sys_pid());
}

static uint64_t hidden(uint64_t now, uint64_t last, uint64_t wanted)
{
	return now == last ? wanted : store_limit_told(now);
}

static int change(int pid, int resource, const limit *new, limit *old)
{
	limit marked, wanted;
	int result;

	real_resolve();
	if (!is_ours(pid, resource))
		return real.prlimit64(pid, resource, new, old);
	if (new) {
		wanted = *new;
		marked.rlim_cur = store_limit_marked(wanted.rlim_cur);
		marked.rlim_max = store_limit_marked(wanted.rlim_max);
	}
	result = real.prlimit64(pid, resource, new ? &marked : NULL, old);
	/* There is a hard limit below: then as alone. */
	if (result && new)
		return real.prlimit64(pid, resource, new, old);
	if (!result && old) {
		old->rlim_cur =
		    hidden(old->rlim_cur, set.rlim_cur, asked.rlim_cur);
		old->rlim_max =
		    hidden(old->rlim_max, set.rlim_max, asked.rlim_max);
	}
	if (!result && new) {
		set = marked;
		asked = wanted;
	}
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
