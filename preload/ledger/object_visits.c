/* SPDX-License-Identifier: MIT */
#include "object_visits.h"

#include "block_at.h"
#include "counters.h"
#include "generations.h"
#include "ledger_gate.h"
#include "names.h"
#include "process.h"
#include "references.h"
#include "spare.h"
#include "sys.h"

static bool is_there(const struct store_object *o)
{
	const unsigned both = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;

	return (o->flags & both) == both;
}

/* What is to be said of an object, which is the item's and locked: a thread that
 * frees it waits. */
static bool fill(struct refknot_info *info, const struct store_object *o,
		 const struct object_visits_item *item)
{
	uint64_t address = o->address, start, size;
	int64_t count;

	if (!block_at(address, &start, &size))
		return false;
	count = counters_one(o);
	*info = (struct refknot_info){
		.address = (const void *)(uintptr_t)address,
		.type = names_text(o->type),
		.serial = o->serial,
		.size = start + size - address,
		.count =
		    (long)(count == COUNTERS_UNREADABLE ? o->count : count),
		.generation = o->generation,
		.field = item->field ? names_text(item->field) : NULL,
	};
	return true;
}

/* In a child that was forked meanwhile the item's object has no record. */
struct thread *object_visits_enter(struct store_object **o,
				   const struct object_visits_item *item)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return NULL;
	ledger_gate_enter(t);
	if (item->number < objects_end()) {
		*o = objects_at(item->number);
		objects_lock(t, *o);
		if (is_there(*o) && (*o)->made_order == item->order &&
		    objects_live((*o)->address) == *o)
			return t;
		objects_unlock(*o);
	}
	ledger_gate_leave(t);
	thread_leave(t);
	return NULL;
}

void object_visits_leave(struct thread *t, struct store_object *o)
{
	objects_unlock(o);
	ledger_gate_leave(t);
	thread_leave(t);
}

bool object_visits_info(struct refknot_info *info,
			const struct object_visits_item *item)
{
	struct store_object *o;
	struct thread *t = object_visits_enter(&o, item);
	bool there;

	if (!t)
		return false;
	there = fill(info, o, item);
	object_visits_leave(t, o);
	return there;
}

size_t object_visits_items(const struct object_visits_item *items, size_t count,
			   refknot_visit *visit, void *data)
{
	struct refknot_info info;
	size_t there = 0;

	for (size_t i = 0; i < count; i++) {
		struct store_object *o;
		struct thread *t;

		if (visit) {
			if (!object_visits_info(&info, &items[i]))
				continue;
			if (visit(&info, data))
				visit = NULL;
		} else {
			t = object_visits_enter(&o, &items[i]);
			if (!t)
				continue;
			object_visits_leave(t, o);
		}
		there++;
	}
	return there;
}

size_t object_visits_objects(int generation, refknot_visit *visit, void *data)
{
	struct refknot_info info;
	uint64_t now, epoch;
	uint32_t end;
	size_t there = 0;

	if (!process_ready())
		return 0;
	now = objects_now();
	end = objects_end();
	epoch = READ_ONCE(process_page.epoch);
	/* A visit may have forked: a child has another store. */
	for (uint32_t i = 1; i < end && READ_ONCE(process_page.epoch) == epoch;
	     i++) {
		const struct store_object *o = objects_at(i);
		struct object_visits_item item = { o->made_order, i, 0 };

		/* As in Python, where nothing shows what is frozen. */
		if (!is_there(o) || item.order > now ||
		    !(generation == -1 ? o->generation != GENERATIONS_FROZEN
				       : o->generation == generation))
			continue;
		if (visit ? !object_visits_info(&info, &item)
			  : objects_live(o->address) != o)
			continue;
		there++;
		if (visit && visit(&info, data))
			visit = NULL;
	}
	return there;
}

/* The objects at the other ends of one of `o`'s lists, in room for `most`. */
static struct object_visits_item *gather(const struct store_object *o,
					 bool referrers, size_t *most,
					 size_t *count)
{
	const uint32_t first = referrers ? o->references : o->holds;
	struct object_visits_item *items = NULL;
	const struct store_reference *r;

	/* First counts them. */
	for (int pass = 0; pass < 2 && (!pass || items); pass++) {
		for (uint32_t n = first; n;
		     n = referrers ? r->to_next : r->from_next) {
			uint32_t number;

			r = references_at(n);
			number = referrers ? r->from : r->to;
			*most += !pass && number;
			if (pass && number)
				items[(*count)++] = (struct object_visits_item){
					.order = objects_at(number)->made_order,
					.number = number,
					.field = r->field,
				};
		}
		if (!pass && *most)
			items = spare_map(*most * sizeof(*items));
	}
	return items;
}

static size_t visit_list(const void *p, bool referrers, refknot_visit *visit,
			 void *data)
{
	struct thread *t = thread_enter(NULL);
	struct object_visits_item *items = NULL;
	struct store_object *o;
	size_t most = 0, count = 0, there;
	uint64_t start;

	if (!t)
		return 0;
	ledger_gate_enter(t);
	o = p ? objects_live((uint64_t)(uintptr_t)p) : NULL;
	if (p && (!o || !is_there(o)))
		o = objects_around((uint64_t)(uintptr_t)p, &start);
	if (o && is_there(o)) {
		objects_lock(t, o);
		items = gather(o, referrers, &most, &count);
		objects_unlock(o);
	} else {
		t->area->limits[RKN_LIMIT_NO_OBJECT]++;
	}
	ledger_gate_leave(t);
	thread_leave(t);
	if (!items)
		return 0;
	there = object_visits_items(items, count, visit, data);
	spare_unmap(items, most * sizeof(*items));
	return there;
}

size_t object_visits_referrers(const void *p, refknot_visit *visit, void *data)
{
	return visit_list(p, true, visit, data);
}

size_t object_visits_referents(const void *p, refknot_visit *visit, void *data)
{
	return visit_list(p, false, visit, data);
}
