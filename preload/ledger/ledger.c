/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include "errors.h"
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

/* NULL: so it is the last that its caller does, and takes the caller's place on
 * the stack. */
static COLD struct store_object *
on_freed(struct thread *t, const struct store_object *o, const void *frame)
{
	uint32_t stack = shadow_stack(walk_from_slowly(t, frame)->head);

	errors_add(t, RKN_ERROR_REFERENCE_ON_FREED, o, stack, 0);
	return NULL;
}

/* Is it on the stack, or in a module's data? The latter is remembered: what a
 * module has is never a block's, but that is not found out at once. */
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
