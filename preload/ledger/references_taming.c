/* SPDX-License-Identifier: MIT */
/* The ledger: what the program says is not a leak. */
#include <refknot.h>

#include "block_at.h"
#include "ledger.h"

void references_tame(const void *p, int what, bool on,
		     enum rkn_limit_number wrong)
{
	struct thread *t = ledger_enter();
	enum rkn_limit_number limit = RKN_LIMIT_NO_OBJECT;
	uint16_t bits = (uint16_t)(what << STORE_OBJECT_TAMING_SHIFT);
	uint64_t start, size;
	struct store_object *o = NULL;

	if (!t)
		return;
	if (p && block_at(ledger_address(p), &start, &size)) {
		o = objects_live(start);
		if (o)
			objects_lock(t, o);
		else if (on)
			o = objects_add(t, start, &limit);
	}
	if (o) {
		objects_set_flags(o, STORE_OBJECT_LIVE | (on ? bits : 0),
				  on ? 0 : bits);
		objects_unlock(o);
	} else {
		ledger_limit(t, limit == RKN_LIMIT_NO_OBJECT ? wrong : limit);
	}
	ledger_leave(t);
}

void references_span(const void *start, size_t size, bool on,
		     enum rkn_limit_number wrong)
{
	struct thread *t = ledger_enter();
	uint64_t from = ledger_address(start), none = 0, count;
	struct store_table *table;
	struct store_span *s;

	if (!t)
		return;
	table = &store.header->tables[STORE_SPANS];
	for (uint64_t i = 1; size && i < table->capacity; i++) {
		s = store_record(STORE_SPANS, i);
		if (!s)
			break;
		if (on && __atomic_compare_exchange_n(&s->start, &none, from,
						      false, __ATOMIC_RELAXED,
						      __ATOMIC_RELAXED)) {
			__atomic_store_n(&s->size, size, __ATOMIC_RELEASE);
			count =
			    __atomic_load_n(&table->count, __ATOMIC_RELAXED);
			while (count <= i &&
			       !__atomic_compare_exchange_n(
				   &table->count, &count, i + 1, false,
				   __ATOMIC_RELEASE, __ATOMIC_RELAXED))
				;
			ledger_leave(t);
			return;
		}
		if (!on && s->start == from && s->size == size) {
			s->size = 0;
			__atomic_store_n(&s->start, 0, __ATOMIC_RELEASE);
			ledger_leave(t);
			return;
		}
		none = 0;
	}
	ledger_limit(t, on && size ? RKN_LIMIT_OBJECTS_FULL : wrong);
	ledger_leave(t);
}
