/* SPDX-License-Identifier: MIT */
#include "addresses.h"

#include "aside.h"
#include "own_memory.h"
#include "room.h"
#include "spare.h"
#include "sys.h"

#define PROGRAM_LEAST (4ull << 20) /* what a small one may take to begin */

static struct addresses begun;

void addresses_fit(uint64_t soft)
{
	uint64_t added = room_given(soft), library = own_memory_library_bytes();

	spare_fit(added > library ? added - library : 0);
}

static bool set(uint64_t soft, uint64_t hard)
{
	return sys_set_limit(ROOM_RESOURCE, soft, hard) == 0;
}

void addresses_begin(void)
{
	struct addresses a = { .changed = true };

	if (sys_limits(ROOM_RESOURCE, &a.soft, &a.hard) < 0)
		return;
	a.soft = room_loaded(a.soft, own_memory_library_bytes());
	if (!room_of(a.soft))
		return;
	if (!set(UINT64_MAX, UINT64_MAX) && !set(a.hard, a.hard))
		return;
	begun = a;
}

void addresses_end(void)
{
	if (!begun.changed)
		return;
	addresses_fit(begun.soft);
	set(begun.soft, begun.hard);
	begun.changed = false;
}

uint64_t addresses_limit(void)
{
	return begun.changed ? begun.soft : sys_limit(ROOM_RESOURCE);
}

bool addresses_are_few(void)
{
	uint64_t soft = sys_limit(ROOM_RESOURCE);

	return room_of(soft) ? room_told(soft) < PROGRAM_LEAST
			     : soft < ROOM_LEAST;
}

struct narrowing {
	struct addresses *to;
	bool loads;
};

static void narrow(void *data)
{
	struct narrowing *n = data;
	struct addresses *a = n->to;

	if (sys_limits(ROOM_RESOURCE, &a->soft, &a->hard) < 0 ||
	    !room_of(a->soft))
		return;
	a->changed =
	    set(n->loads ? room_loading(a->soft, own_memory_library_bytes())
			 : room_told(a->soft),
		a->hard);
}

void addresses_narrow(struct addresses *a, bool loads)
{
	struct narrowing n = { a, loads };

	a->changed = false;
	if (room_of(sys_limit(ROOM_RESOURCE)))
		aside(narrow, &n);
}

void addresses_widen(const struct addresses *a)
{
	if (a->changed)
		set(a->soft, a->hard);
}
