/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include <errno.h>

#include "compiler.h"
#include "libc.h"
#include "process.h"
#include "seals.h"
#include "sys.h"

/* The counter's bytes as a number, bias added. All bits of a small counter
 * count; all of them set mean an immortal object. */
static int64_t value_of(const struct store_object *o, uint64_t word)
{
	bool immortal = (o->width == 1 && word == UINT8_MAX) ||
			(o->width == 2 && word == UINT16_MAX);

	if (o->width == 4)
		return (int32_t)word + o->bias;
	return (immortal ? -1 : (int64_t)word) + o->bias;
}

int64_t counters_value(const struct store_object *o, const void *p)
{
	switch (o->width) {
	case 1:
		return value_of(o, *(const volatile uint8_t *)p);
	case 2:
		return value_of(o, *(const volatile uint16_t *)p);
	case 4:
		return value_of(o, *(const volatile uint32_t *)p);
	default:
		return value_of(o, *(const volatile uint64_t *)p);
	}
}

int64_t counters_count(const struct store_object *o)
{
	uint64_t word;

	if (!o->counter)
		return o->count;
	if (!seals_can_read(o->counter) ||
	    !seals_read(o->counter, o->width, &word))
		return COUNTERS_UNREADABLE;
	return value_of(o, word);
}

int64_t counters_one(const struct store_object *o)
{
	uint64_t counter = __atomic_load_n(&o->counter, __ATOMIC_RELAXED);
	uint64_t word = 0;
	long size = -EPERM;

	if (!counter)
		return o->count;
	if (!READ_ONCE(*libc_single_threaded))
		size = sys_peek(process.pid, &word, counter, o->width);
	if (size == o->width)
		return value_of(o, word);
	if (size == -EFAULT || !seals_can_read(counter))
		return COUNTERS_UNREADABLE;
	return counters_value(o, (const void *)(uintptr_t)counter);
}

int64_t counters_look(struct counters_window *w, const struct store_object *o)
{
	uint64_t counter = __atomic_load_n(&o->counter, __ATOMIC_RELAXED);
	uint64_t start = counter & ~(COUNTERS_WINDOW - 1ull);

	if (!counter)
		return o->count;
	if (w->start != start) {
		const char *there = (const char *)(uintptr_t)start;
		long size = -EPERM;

		/* Other threads may protect the page at any time: the kernel
		 * copies it, unless a filter forbids that. */
		w->start = start;
		w->at = w->copy;
		if (!READ_ONCE(*libc_single_threaded))
			size = sys_peek(process.pid, w->copy, start,
					COUNTERS_WINDOW);
		if (size == -EFAULT)
			w->at = NULL;
		else if (size != COUNTERS_WINDOW)
			w->at = seals_can_read(start) ? there : NULL;
	}
	return w->at ? counters_value(o, w->at + (counter - start))
		     : COUNTERS_UNREADABLE;
}
