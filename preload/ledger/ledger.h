/* SPDX-License-Identifier: MIT */
/*
 * What the ledger's files share: calls that go inside, records, the lists that
 * they are in, and the objects' locks.  See references.h.
 *
 * A thread changes an object's fields only while it has the object's lock, and
 * locks several in the order of their numbers.  Every reference with an object
 * `from` is in two lists, which agree: of what leads to `to` and of what `from`
 * holds.
 */
#ifndef PRELOAD_LEDGER_H
#define PRELOAD_LEDGER_H

#include "ledger_gate.h"
#include "ledger_tables.h"
#include "recycle.h"
#include "references.h"
#include "walk.h"

/* --- Calls -------------------------------------------------------------- */

static inline void ledger_limit(struct thread *t, enum rkn_limit_number limit)
{
	t->area->limits[limit]++;
}

/* Goes inside, with the right to change objects; NULL if the call cannot be
 * served. */
static inline struct thread *ledger_enter(void)
{
	struct thread *t = ledger_tables_enter();

	if (likely(t))
		ledger_gate_enter(t);
	return t;
}

static inline void ledger_leave(struct thread *t)
{
	ledger_gate_leave(t);
	thread_leave(t);
}

static inline uint32_t ledger_stack(struct thread *t, const void *frame)
{
	return frame ? shadow_stack(walk_from(t, frame)->head) : 0;
}

static inline uint64_t ledger_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* --- Records -------------------------------------------------------------- */

static inline uint32_t ledger_new_reference(struct thread *t)
{
	uint32_t number = recycle_take(t, THREAD_FREE_REFERENCES);

	if (unlikely(!number))
		ledger_limit(t, RKN_LIMIT_OBJECTS_FULL);
	return number;
}

static inline void ledger_free_reference(struct thread *t, uint32_t number)
{
	WRITE_ONCE(references_at(number)->to, 0);
	recycle_give(t, THREAD_FREE_REFERENCES, number, number, 1);
}

static inline struct store_event *ledger_event(uint32_t number)
{
	return (struct store_event *)store_at(
		   store.header->tables[STORE_EVENTS].offset) +
	       number;
}

/* A place in the ring of `o`: a new one behind the newest, or the oldest's. */
static inline struct store_event *ledger_next_event(struct thread *t,
						    struct store_object *o)
{
	uint32_t newest = o->events, number;

	if (o->event_count++ >= STORE_EVENTS_KEPT && newest) {
		o->events = ledger_event(newest)->next;
		return ledger_event(o->events);
	}
	number = recycle_take(t, THREAD_FREE_EVENTS);
	if (unlikely(!number)) {
		ledger_limit(t, RKN_LIMIT_OBJECTS_FULL);
		return NULL;
	}
	ledger_event(number)->next =
	    newest ? ledger_event(newest)->next : number;
	if (newest)
		ledger_event(newest)->next = number;
	o->events = number;
	return ledger_event(number);
}

static inline uint64_t ledger_last_order(const struct store_object *o)
{
	return o->events ? ledger_event(o->events)->order : o->made_order;
}

static inline void ledger_note(struct thread *t, struct store_object *o,
			       enum rkn_event_kind kind, uint32_t stack,
			       uint32_t holder, uint32_t field)
{
	uint64_t order = objects_order(t, ledger_last_order(o));
	struct store_event *e = ledger_next_event(t, o);

	if (unlikely(!e))
		return;
	e->order = order;
	e->kind_stack = (uint32_t)kind << STORE_KIND_SHIFT | stack;
	e->thread = t->serial;
	e->holder = holder;
	e->field = field;
	e->count = o->count;
}

static inline void ledger_free_events(struct thread *t, struct store_object *o)
{
	uint32_t count = o->event_count < STORE_EVENTS_KEPT ? o->event_count
							    : STORE_EVENTS_KEPT;

	if (!o->events)
		return;
	recycle_give(t, THREAD_FREE_EVENTS, ledger_event(o->events)->next,
		     o->events, count);
	o->events = 0;
}

/*
 * Adds an error about `o`, on which `references` were left: those of one kind,
 * type and place share a record. Takes no lock. Returns the record if it is the
 * first of its kind, else NULL.
 */
struct rkn_error *ledger_error(struct thread *t, enum rkn_error_kind kind,
			       const struct store_object *o, uint32_t stack,
			       int32_t references);

/* --- Lists: both ends are locked ------------------------------------------ */

static inline void ledger_link_from(uint32_t number, struct store_object *from)
{
	struct store_reference *r = references_at(number);

	WRITE_ONCE(r->from, objects_number(from));
	r->from_previous = 0;
	r->from_next = from->holds;
	if (from->holds)
		references_at(from->holds)->from_previous = number;
	from->holds = number;
}

static inline void ledger_unlink_from(uint32_t number)
{
	struct store_reference *r = references_at(number);

	if (!r->from)
		return;
	if (r->from_next)
		references_at(r->from_next)->from_previous = r->from_previous;
	if (r->from_previous)
		references_at(r->from_previous)->from_next = r->from_next;
	else
		objects_at(r->from)->holds = r->from_next;
	WRITE_ONCE(r->from, 0);
	r->holder = 0;
}

/*
 * References without a named holder come first in the list of what leads to an
 * object: so a release without a holder need not look through all others. The
 * first of the list has none before it: its `to_previous` is the number of the
 * last of these; 0 if there are none.
 */
static inline void ledger_link_first(uint32_t number, struct store_object *to)
{
	struct store_reference *r = references_at(number);
	uint32_t first = to->references, last = number;

	if (first) {
		struct store_reference *f = references_at(first);

		last = f->to_previous ? f->to_previous : number;
		f->to_previous = number;
	}
	WRITE_ONCE(r->to, objects_number(to));
	r->to_next = first;
	r->to_previous = last;
	to->references = number;
}

static inline uint32_t ledger_first_held(const struct store_object *to)
{
	uint32_t first = to->references;
	uint32_t last = first ? references_at(first)->to_previous : 0;

	return last ? references_at(last)->to_next : first;
}

/* Links a reference with a named holder, or another kind of edge. */
static inline void ledger_link_held(uint32_t number, struct store_object *to)
{
	struct store_reference *r = references_at(number);
	uint32_t *after = &to->references;
	uint32_t last =
	    to->references ? references_at(to->references)->to_previous : 0;

	if (last)
		after = &references_at(last)->to_next;
	if (*after)
		references_at(*after)->to_previous = number;
	WRITE_ONCE(r->to, objects_number(to));
	r->to_next = *after;
	r->to_previous = last;
	*after = number;
}

static inline void ledger_unlink_to(uint32_t number)
{
	struct store_reference *r = references_at(number);
	struct store_object *to = objects_at(r->to);
	uint32_t previous = r->to_previous, next = r->to_next;

	if (to->references == number) {
		to->references = next;
		if (next)
			references_at(next)->to_previous =
			    previous == number ? 0 : previous;
		return;
	}
	references_at(previous)->to_next = next;
	if (next)
		references_at(next)->to_previous = previous;
	if (references_at(to->references)->to_previous == number)
		references_at(to->references)->to_previous = previous;
}

struct ledger_edge {
	struct store_object *from; /* NULL: `holder` is not an object */
	uint64_t holder;
	uint32_t field;
	uint32_t stack;
	uint64_t order; /* 0: the thread's last */
	uint32_t thread;
	uint32_t scope; /* of the call, see walk_leaf */
};

static inline uint32_t ledger_add(struct thread *t, struct store_object *to,
				  enum rkn_reference_kind kind,
				  const struct ledger_edge *e)
{
	uint32_t number = ledger_new_reference(t);
	struct store_reference *r;

	if (unlikely(!number))
		return 0;
	r = references_at(number);
	r->order = e->order ? e->order : t->order;
	r->thread = e->thread;
	r->scope = e->scope;
	r->field = e->field;
	r->kind_stack = (uint32_t)kind << STORE_KIND_SHIFT | e->stack;
	WRITE_ONCE(r->from, 0);
	r->holder = e->holder;
	if (kind == RKN_REFERENCE && !e->from && !e->holder)
		ledger_link_first(number, to);
	else
		ledger_link_held(number, to);
	if (e->from)
		ledger_link_from(number, e->from);
	return number;
}

/* Flag of an object that ended long ago, but still holds something. */
#define LEDGER_KEPT (1u << 3)

/* `from`, locked, holds one reference less. */
static inline void ledger_held_less(struct thread *t, uint32_t from)
{
	struct store_object *o = objects_at(from);

	if (unlikely(o->flags & LEDGER_KEPT && !o->holds))
		objects_forget(t, o);
}

static inline void ledger_drop(struct thread *t, uint32_t number)
{
	uint32_t from = references_at(number)->from;

	ledger_unlink_from(number);
	ledger_unlink_to(number);
	ledger_free_reference(t, number);
	ledger_held_less(t, from);
}

/* --- Locks ----------------------------------------------------------------- */

#define LEDGER_LOCKS 3

/* Locks both, or only the first if the second is NULL. */
static inline void ledger_lock_two(struct thread *t, struct store_object *a,
				   struct store_object *b)
{
	if (unlikely(b && b < a))
		objects_lock(t, b);
	objects_lock(t, a);
	if (unlikely(b > a))
		objects_lock(t, b);
}

static inline void ledger_unlock_two(struct store_object *a,
				     struct store_object *b)
{
	objects_unlock(a);
	if (b && b != a)
		objects_unlock(b);
}

/* Locks them in the order of their numbers; leaves out NULL and repeated ones.
 */
void ledger_lock(struct thread *t, struct store_object **o);
void ledger_unlock(struct store_object **o);

/* Takes a reference out of a third object's list, with both objects locked.
 * Call it with `o` unlocked; it returns with `o` locked. */
void ledger_drop_locked(struct thread *t, struct store_object *o,
			uint32_t number);

/* --- Objects by address ------------------------------------------------------ */

static inline bool ledger_is_live(const struct store_object *o,
				  uint64_t address)
{
	return objects_flags(o) & STORE_OBJECT_LIVE && o->address == address;
}

static inline unsigned ledger_seen_at(uint64_t address)
{
	return (unsigned)(address >> 4 ^ address >> 10) % THREAD_SEEN;
}

/* The object at `address`, if this thread used it lately. It has not ended:
 * unseen ends (references_lost) end this memory, too. */
static inline struct store_object *ledger_seen(const struct thread *t,
					       uint64_t address)
{
	const unsigned both = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;
	struct store_object *o = objects_at(t->seen[ledger_seen_at(address)]);

	return READ_ONCE(o->address) == address &&
		       (objects_flags(o) & both) == both &&
		       likely(!READ_ONCE(references_lost))
		   ? o
		   : NULL;
}

static inline void ledger_see(struct thread *t, const struct store_object *o)
{
	t->seen[ledger_seen_at(o->address)] = objects_number(o);
}

/* The live object with a type at exactly `p`; else NULL, which is counted or an
 * error. */
struct store_object *ledger_find_slowly(struct thread *t, const void *p,
					const void *frame);
static inline struct store_object *ledger_find(struct thread *t, const void *p,
					       const void *frame)
{
	struct store_object *o = ledger_seen(t, ledger_address(p));

	return likely(o) ? o : ledger_find_slowly(t, p, frame);
}

/*
 * The object at *holder, else the one around it: an ended one may still give
 * back what it holds. Sets *holder to the object's address; if there is none,
 * to the start of its block, if it is in one.
 */
struct store_object *ledger_holder_slowly(struct thread *t, uint64_t *holder);
static inline struct store_object *ledger_holder(struct thread *t,
						 uint64_t *holder)
{
	struct store_object *o = ledger_seen(t, *holder);

	return o ? o : ledger_holder_slowly(t, holder);
}

static inline uint32_t ledger_number(const struct store_object *o)
{
	return o ? objects_number(o) : 0;
}

#endif
