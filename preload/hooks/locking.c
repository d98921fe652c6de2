/* SPDX-License-Identifier: MIT */
/*
 * Memory that a program locks, all of it: refknot's own, hundreds of GiB of
 * addresses, would count against its limit (RLIMIT_MEMLOCK).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "addresses.h"
#include "aside.h"
#include "compiler.h"
#include "libc.h"
#include "maps.h"
#include "own_memory.h"
#include "process.h"
#include "real.h"
#include "spare.h"
#include "store.h"
#include "sys.h"

#define SPARE (64ull << 20) /* bytes, for what comes to be needed */

/* What is mapped from here on is locked, and counts: refknot's own is to be
 * mapped before. A limit on addresses would count it; where the program set one
 * there is some. */
static COLD void keep_spare(void *unused)
{
	(void)unused;
	if (addresses_limit() == UINT64_MAX && !spare_is_left(SPARE / 2))
		spare_fit(READ_ONCE(sys_mapped) + SPARE);
}

/* mlockall() of what is mapped now, by parts. */
struct locking {
	int flags, result;
	bool open; /* the mappings can be read */
};

static uint64_t count_program(struct locking *l)
{
	uint64_t all = 0,
		 own = READ_ONCE(sys_mapped) + own_memory_library_bytes();
	struct maps maps;
	struct map m;

	l->open = maps_open(&maps);
	if (!l->open)
		return 0;
	while (maps_next(&maps, &m))
		if (strcmp(m.name, "[vsyscall]") != 0)
			all += m.end - m.start;
	maps_close(&maps);
	return all > own ? all - own : 0;
}

static void lock_each(unsigned flags)
{
	uint64_t store_start = ADDRESS(store.header), from, to;
	struct maps maps;
	struct map m;

	if (!maps_open(&maps))
		return;
	while (maps_next(&maps, &m)) {
		/* Pages without access are not locked, and hold nothing. */
		if ((!m.readable && !m.writable && !m.executable) ||
		    strcmp(m.name, "[vsyscall]") == 0 ||
		    m.start - store_start < store.mapped || spare_has(m.start))
			continue;
		/* What is not of refknot's own. What the kernel does not lock,
		 * it would leave out with mlockall(), too. */
		for (uint64_t at = m.start; at < m.end; at = to) {
			from = to = m.end;
			own_memory_find(at, m.end, &from, &to);
			if (from > at)
				real.mlock2((void *)(uintptr_t)at, from - at,
					    flags);
		}
	}
	maps_close(&maps);
}

/* May a filter stand, of which it is not known what it makes of calls that are in
 * no list of refknot's? */
static bool has_filter(void)
{
	static const char without[] = "\nSeccomp:\t0\n";
	char text[4096];
	long fd = sys_open("/proc/self/status", O_RDONLY, 0), size = fd;

	if (fd >= 0) {
		size = sys_read((int)fd, text, sizeof(text));
		sys_close((int)fd);
	}
	for (long i = 0; i + (long)sizeof(without) <= size + 1; i++)
		if (!memcmp(text + i, without, sizeof(without) - 1))
			return false;
	return true;
}

static COLD void lock_by_parts(void *data)
{
	struct locking *l = data;
	uint64_t program = count_program(l);

	if (!l->open || program > sys_limit(RLIMIT_MEMLOCK) || has_filter())
		return;
	/* What was to be locked before is no more, as with the call itself. */
	real.munlockall();
	lock_each(l->flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0);
	l->result =
	    l->flags & MCL_FUTURE ? real.mlockall(l->flags & ~MCL_CURRENT) : 0;
}

EXPORT int mlockall(int flags)
{
	struct locking l = { .flags = flags, .result = -1 };
	int saved = libc_errno;

	real_resolve();
	if (libc_is_secure() || !process_owns_memory())
		return real.mlockall(flags);
	/* A store can be mapped before only. */
	if (flags & MCL_FUTURE && process_ready())
		aside(keep_spare, NULL);
	l.result = real.mlockall(flags);
	if (!l.result || libc_errno != ENOMEM || !(flags & MCL_CURRENT) ||
	    !real.mlock2)
		return l.result;
	aside(lock_by_parts, &l);
	libc_errno = l.result ? ENOMEM : saved;
	return l.result;
}
