/* SPDX-License-Identifier: MIT */
#include "runners.h"

#include "members.h"
#include "own_memory.h"
#include "thread.h"

/* A bit a serial of a thread that runs; NULL: there was no room. */
static uint8_t *serials;

static bool runs(uint32_t tid)
{
	const struct stopped *t = members_find(tid);

	return tid && (!t || t->left);
}

static void note(uint32_t serial)
{
	if (serials && serial < STORE_THREAD_MAX)
		serials[serial / 8] |= (uint8_t)(1u << serial % 8);
}

/* Areas are also those of threads that have ended; so are their blocks then. */
bool runners_init(const struct picture *p)
{
	bool any = p->stop.running;

	for (uint32_t i = 0; i < p->stop.count; i++)
		any |= p->stop.threads[i].left;
	if (!any)
		return false;
	serials = own_memory_map(STORE_THREAD_MAX / 8 + 1);
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);

		if (a && thread_is_there(i) &&
		    runs(__atomic_load_n(&a->tid, __ATOMIC_ACQUIRE)))
			note(a->serial);
	}
	return true;
}

static bool is_theirs(uint32_t serial)
{
	return !serials || !serial || serial >= STORE_THREAD_MAX ||
	       serials[serial / 8] >> serial % 8 & 1;
}

/* Not live any more, or another block by now. */
static bool is_gone(const struct rkn_block *b)
{
	const uint64_t *slot = shadow_head_at(b->address);
	const uint64_t head = slot ? READ_ONCE(slot[0]) : 0;

	return !shadow_is_live(head) ||
	       (head & STORE_EXTRA &&
		(READ_ONCE(slot[1]) & ~STORE_WHOLE) >> STORE_BIRTH_SHIFT !=
		    b->birth);
}

bool runners_may_hold(const struct rkn_block *b)
{
	return is_theirs(b->thread) || is_gone(b);
}
