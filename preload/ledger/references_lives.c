/* SPDX-License-Identifier: MIT */
/* The ledger: objects begin and end. */
#include <refknot.h>

#include "block_at.h"
#include "collect.h"
#include "counters.h"
#include "generations.h"
#include "ledger.h"
#include "names.h"
#include "realloc_window.h"
#include "regions.h"

static COLD void tell_regions(struct thread *t, const struct store_object *o,
			      bool ended)
{
	uint32_t stack = 0;
	bool whole = objects_whole(o, &stack);

	regions_object(t, o->type, stack, o->size, whole, ended);
}

/* What holds `o`, locked, is gone with it; what it holds stays, without links. */
static void empty(struct thread *t, struct store_object *o)
{
	uint32_t number, next;

	while ((number = o->references)) {
		objects_unlock(o);
		ledger_drop_locked(t, o, number);
	}
	/* Only `o` and the lists of what it leads to are concerned. */
	for (number = o->holds; number; number = next) {
		struct store_reference *r = references_at(number);
		struct store_object *to = objects_at(r->to);

		next = r->from_next;
		if (references_kind(r) == RKN_REFERENCE)
			continue;
		if (to == o) {
			ledger_drop(t, number);
			continue;
		}
		objects_unlock(o);
		objects_lock(t, to < o ? to : o);
		objects_lock(t, to < o ? o : to);
		if (r->from == objects_number(o) && r->to == objects_number(to))
			ledger_drop(t, number);
		objects_unlock(to);
		next = o->holds; /* anything may have changed */
		while (next &&
		       references_kind(references_at(next)) == RKN_REFERENCE)
			next = references_at(next)->from_next;
	}
	ledger_free_events(t, o);
}

/* It has ended; `o` is not locked. */
static void gone(struct thread *t, struct store_object *o, uint32_t stack)
{
	struct store_object *old;
	int64_t left;

	objects_lock(t, o);
	if (!(o->flags & STORE_OBJECT_LIVE)) {
		objects_unlock(o);
		return;
	}
	if (o->flags & STORE_OBJECT_TRACKED) {
		/* If the calls gave back all references, the program wrote over
		 * the counter before it freed the memory. */
		left = o->counter && o->count <= 0 && o->event_count
			   ? 0
			   : counters_count(o);
		if (left >= 2 && left < INT32_MAX / 2)
			ledger_error(t, RKN_ERROR_FREED_WHILE_HELD, o, stack,
				     (int32_t)left);
		empty(t, o);
		libc_add(&names_record(o->type)->ended, 1);
		if (unlikely(t->regions_open))
			tell_regions(t, o, true);
		collect_ended();
	}
	old = objects_retire(t, o, stack);
	objects_unlock(o);
	if (old) {
		/* It stays the holder of what it did not give back: see
		 * ledger_drop(). */
		objects_lock(t, old);
		if (old->holds)
			objects_set_flags(old, LEDGER_KEPT, 0);
		else
			objects_forget(t, old);
		objects_unlock(old);
	}
}

bool references_begins(const void *p)
{
	struct thread *t = ledger_enter();
	const struct store_object *o;
	bool result;

	if (!t)
		return false;
	o = p ? objects_live(ledger_address(p)) : NULL;
	result = !o || !(objects_flags(o) & STORE_OBJECT_TRACKED);
	ledger_leave(t);
	return result;
}

void references_object(const void *p, const char *type, const volatile void *at,
		       size_t width, long bias, const void *frame)
{
	struct thread *t = ledger_enter();
	enum rkn_limit_number limit;
	struct store_object *o;
	uint32_t stack;
	uint16_t taming = 0;

	if (!t) {
		collect_ended();
		return;
	}
	stack = ledger_stack(t, frame);
	o = p ? objects_live(ledger_address(p)) : NULL;
	if (o) {
		taming =
		    (uint16_t)(o->flags >> STORE_OBJECT_TAMING_SHIFT
					       << STORE_OBJECT_TAMING_SHIFT);
		/* Its count may be the next one's already. */
		o->count = 0;
		objects_lose_counter(o);
		gone(t, o, stack);
	}
	o = objects_add(t, ledger_address(p), &limit);
	if (o) {
		uint64_t counter = (uint64_t)(uintptr_t)at, start, size;
		struct store_name *name;
		bool held;

		objects_set_flags(o, taming, 0);
		if (at &&
		    (width == 1 || width == 2 || width == 4 || width == 8) &&
		    counter % width == 0 &&
		    block_at(o->address, &start, &size) && counter >= start &&
		    counter + width <= start + size) {
			o->counter = counter;
			o->width = (uint8_t)width;
			o->bias = bias;
		} else if (at) {
			ledger_limit(t, RKN_LIMIT_OBJECT_GONE);
		}
		o->type = names_number(type, t->area->limits);
		name = names_record(o->type);
		o->serial = (uint32_t)libc_add(&name->made, 1);
		o->made_stack = stack;
		o->made_thread = t->serial;
		o->made_order = objects_order(t, 0);
		/* Until somebody takes it, a counter may be 0. */
		held = !o->counter || counters_count(o);
		o->count = held;
		objects_set_flags(o,
				  STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED |
				      (held ? STORE_OBJECT_MAKER : 0),
				  0);
		if (unlikely(t->regions_open))
			tell_regions(t, o, false);
		ledger_see(t, o);
		generations_add(0, objects_number(o));
		objects_unlock(o);
	} else {
		ledger_limit(t, limit);
		collect_ended();
	}
	ledger_leave(t);
}

void references_rename(const void *p, const char *type, const void *frame)
{
	struct thread *t = ledger_enter();
	struct store_object *o;
	struct store_name *name;

	if (!t)
		return;
	o = ledger_find(t, p, frame);
	if (o) {
		objects_lock(t, o);
		libc_add(&names_record(o->type)->ended, 1);
		if (t->regions_open)
			regions_object(t, o->type, 0, o->size, false, true);
		o->type = names_number(type, t->area->limits);
		name = names_record(o->type);
		o->serial = (uint32_t)libc_add(&name->made, 1);
		if (t->regions_open)
			regions_object(t, o->type, 0, o->size, false, false);
		ledger_note(t, o, RKN_EVENT_RENAME, ledger_stack(t, frame), 0,
			    o->type);
		objects_unlock(o);
	}
	ledger_leave(t);
}

void references_end(const void *p, const void *frame)
{
	struct thread *t = ledger_enter();
	struct store_object *o;

	if (!t)
		return;
	o = ledger_find(t, p, frame);
	if (o)
		gone(t, o, ledger_stack(t, frame));
	ledger_leave(t);
}

void references_type(const char *type, void (*clear)(void *))
{
	struct thread *t = ledger_enter();
	uint32_t number;

	if (!t)
		return;
	number = names_number(type, t->area->limits);
	if (number > NAMES_MORE)
		names_record(number)->clear = (uint64_t)(uintptr_t)clear;
	ledger_leave(t);
}

/* --- Blocks that end or move ------------------------------------------------- */

void references_free(const void *p, uint64_t size, const void *frame)
{
	struct thread *t = ledger_enter();

	if (!t) {
		references_lose(1);
		return;
	}
	objects_end_block(t, ledger_address(p), size, gone,
			  ledger_stack(t, frame));
	ledger_leave(t);
}

uint32_t references_lift(const void *p, const void *frame)
{
	struct thread *t = ledger_enter();
	uint64_t start, size;
	uint32_t list = 0;

	if (!t) {
		references_lose(1);
		return 0;
	}
	if (block_at(ledger_address(p), &start, &size)) {
		realloc_window_begin(t, frame);
		list = objects_lift(start, size);
	}
	ledger_leave(t);
	return list;
}

uint32_t references_settle(uint32_t *list, const void *from, const void *to,
			   uint64_t size)
{
	struct thread *t = thread_enter(NULL);
	uint32_t type;

	if (!t)
		return 0;
	type = objects_settle(t, list, ledger_address(from), ledger_address(to),
			      size);
	thread_leave(t);
	return type;
}

void references_cut(uint32_t list, const void *frame)
{
	struct thread *t = list ? ledger_enter() : NULL;

	if (!t)
		return;
	while (list) {
		struct store_object *o = objects_at(list);

		list = o->next;
		objects_lose_counter(o);
		gone(t, o, ledger_stack(t, frame));
	}
	ledger_leave(t);
}

void references_read_counters(const struct pages *pages, uint64_t *limits)
{
	static struct counters_window window;

	window.start = 0;
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);
		uint64_t value = 0;

		if (!(o->flags & STORE_OBJECT_LIVE) ||
		    !objects_live(o->address))
			continue;
		o->read = counters_look(&window, o);
		if (o->read != COUNTERS_UNREADABLE)
			continue;
		/* A count that cannot be known is -1. */
		o->read = -1;
		if (pages_read(pages, &value, o->counter, o->width))
			o->read = counters_value(o, &value);
		else
			limits[RKN_LIMIT_UNREADABLE] += o->width;
	}
}
