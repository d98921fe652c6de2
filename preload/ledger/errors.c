/* SPDX-License-Identifier: MIT */
#include "errors.h"

static void fill(struct rkn_error *e, const struct thread *t,
		 const struct store_object *o, uint32_t stack,
		 int32_t references)
{
	e->order = t->order;
	e->address = o->address;
	e->serial = o->serial;
	e->made_stack = o->made_stack;
	e->ended_stack = o->flags & STORE_OBJECT_LIVE ? 0 : o->ended_stack;
	e->thread = t->serial;
	e->references = references;
	e->type = o->type;
	__atomic_store_n(&e->stack, stack, __ATOMIC_RELEASE);
}

/* A record that is just being filled in looks like another: then there are two
 * of one kind, which readers add up. */
COLD struct rkn_error *errors_add(struct thread *t, enum rkn_error_kind kind,
				  const struct store_object *o, uint32_t stack,
				  int32_t references)
{
	const struct store_table *table = &store.header->tables[STORE_ERRORS];
	uint64_t mask = table->capacity - 1;
	uint64_t at = (kind + 31u * o->type + 1021u * stack) & mask;

	for (uint64_t i = 0; i <= mask; i++, at = (at + 1) & mask) {
		struct rkn_error *e = store_record(STORE_ERRORS, at);
		uint32_t none = 0;
		bool first;

		if (!e)
			break;
		first = __atomic_compare_exchange_n(&e->kind, &none, kind,
						    false, __ATOMIC_ACQUIRE,
						    __ATOMIC_ACQUIRE);
		if (first)
			fill(e, t, o, stack, references);
		else if (none != kind || e->type != o->type ||
			 e->stack != stack)
			continue;
		__atomic_fetch_add(&e->count, 1, __ATOMIC_RELAXED);
		return first ? e : NULL;
	}
	t->area->limits[RKN_LIMIT_OBJECTS_FULL]++;
	return NULL;
}
