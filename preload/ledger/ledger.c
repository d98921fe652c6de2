/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include "modules.h"

uint32_t references_lost;

void ledger_lock(struct thread *t, struct store_object **o)
{
	for (unsigned i = 0; i + 1 < LEDGER_LOCKS; i++)
		for (unsigned n = 0; n + 1 < LEDGER_LOCKS - i; n++)
			if (o[n] < o[n + 1]) {
				struct store_object *swap = o[n];

				o[n] = o[n + 1];
				o[n + 1] = swap;
			}
	for (unsigned i = LEDGER_LOCKS; i-- > 0;)
		if (o[i] && (i + 1 == LEDGER_LOCKS || o[i] != o[i + 1]))
			objects_lock(t, o[i]);
}

void ledger_unlock(struct store_object **o)
{
	for (unsigned i = 0; i < LEDGER_LOCKS; i++)
		if (o[i] && (i + 1 == LEDGER_LOCKS || o[i] != o[i + 1]))
			objects_unlock(o[i]);
}

void ledger_drop_locked(struct thread *t, struct store_object *o,
			uint32_t number)
{
	struct store_reference *r = references_at(number);

	for (;;) {
		uint32_t from = __atomic_load_n(&r->from, __ATOMIC_RELAXED);
		struct store_object *locks[LEDGER_LOCKS] = {
			o, from ? objects_at(from) : NULL, NULL
		};

		ledger_lock(t, locks);
		if (READ_ONCE(r->to) != objects_number(o)) {
			ledger_unlock(locks); /* another thread was faster */
			objects_lock(t, o);
			return;
		}
		if (READ_ONCE(r->from) == from) {
			ledger_drop(t, number);
			if (from && objects_at(from) != o)
				objects_unlock(objects_at(from));
			return;
		}
		ledger_unlock(locks);
	}
}

/* A record that is just being filled in looks different: then there are two of
 * one kind, which readers add up. */
COLD struct rkn_error *ledger_error(struct thread *t, enum rkn_error_kind kind,
				    const struct store_object *o,
				    uint32_t stack, int32_t references)
{
	const struct store_table *table = &store.header->tables[STORE_ERRORS];
	uint64_t mask = table->capacity - 1;
	uint64_t at = (kind + 31u * o->type + 1021u * stack) & mask;

	for (uint64_t i = 0; i <= mask; i++, at = (at + 1) & mask) {
		struct rkn_error *e = store_record(STORE_ERRORS, at);
		uint32_t none = 0;

		if (!e)
			break;
		if (__atomic_compare_exchange_n(&e->kind, &none, kind, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_ACQUIRE)) {
			e->order = t->order;
			e->address = o->address;
			e->serial = o->serial;
			e->made_stack = o->made_stack;
			e->ended_stack =
			    o->flags & STORE_OBJECT_LIVE ? 0 : o->ended_stack;
			e->thread = t->serial;
			e->references = references;
			e->type = o->type;
			__atomic_store_n(&e->stack, stack, __ATOMIC_RELEASE);
			__atomic_fetch_add(&e->count, 1, __ATOMIC_RELAXED);
			return e;
		}
		if (none == kind && e->type == o->type && e->stack == stack) {
			__atomic_fetch_add(&e->count, 1, __ATOMIC_RELAXED);
			return NULL;
		}
	}
	t->area->limits[RKN_LIMIT_OBJECTS_FULL]++;
	return NULL;
}

/* NULL: so the call is its caller's last, and takes its place on the stack. */
static COLD struct store_object *
on_freed(struct thread *t, const struct store_object *o, const void *frame)
{
	uint32_t stack = shadow_stack(walk_from_slowly(t, frame)->head);

	ledger_error(t, RKN_ERROR_REFERENCE_ON_FREED, o, stack, 0);
	return NULL;
}

/* Whether it is on the stack or in a module's data. The latter is remembered: it
 * takes a while to find out. */
static NOINLINE bool is_outside(struct thread *t, uint64_t address,
				uint64_t *known)
{
	uint64_t sp = (uint64_t)(uintptr_t)__builtin_frame_address(0);

	if (address >= sp && address < thread_stack_end(t, sp))
		return true;
	if (modules_find(address) == RKN_NONE)
		return false;
	*known = address;
	return true;
}

struct store_object *ledger_holder_slowly(struct thread *t, uint64_t *holder)
{
	uint64_t address = *holder;
	uint64_t *known = &t->outside[ledger_seen_at(address) % THREAD_OUTSIDE];
	struct store_object *o;

	if (*known == address) /* or there is none */
		return NULL;
	o = objects_find(address);
	if (o && objects_flags(o) & STORE_OBJECT_TRACKED &&
	    (likely(objects_flags(o) & STORE_OBJECT_LIVE) ||
	     !objects_replaced(o))) {
		ledger_see(t, o);
		return o;
	}
	if (!address || is_outside(t, address, known))
		return NULL;
	o = objects_around(address, holder);
	if (o)
		*holder = o->address;
	return o;
}

struct store_object *ledger_find_slowly(struct thread *t, const void *p,
					const void *frame)
{
	uint64_t address = ledger_address(p);
	struct store_object *o = objects_live(address);

	if (likely(o && objects_flags(o) & STORE_OBJECT_TRACKED)) {
		ledger_see(t, o);
		return o;
	}
	o = objects_find(address);
	if (o && objects_flags(o) & STORE_OBJECT_TRACKED &&
	    !(objects_flags(o) & STORE_OBJECT_LIVE) && frame)
		return on_freed(t, o, frame);
	ledger_limit(t, RKN_LIMIT_NO_OBJECT);
	return NULL;
}
