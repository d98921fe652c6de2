/* SPDX-License-Identifier: MIT */
#include "counters.h"
#include "holders.h"
#include "ledger.h"
#include "names.h"
#include "pairing.h"

static struct ledger_edge anonymous(struct thread *t, const void *frame)
{
	const struct walk_leaf *leaf = walk_from(t, frame);

	return (struct ledger_edge){
		.stack = shadow_stack(leaf->head),
		.scope = leaf->scope,
		.thread = t->serial,
	};
}

static inline __attribute__((always_inline)) struct ledger_edge
edge_of(struct thread *t, const void *holder, const char *field,
	const void *frame)
{
	struct ledger_edge e = anonymous(t, frame);

	if (holder) {
		e.holder = ledger_address(holder);
		e.from = ledger_holder(t, &e.holder);
		e.field = names_number(field, t->area->limits);
	}
	return e;
}

static inline __attribute__((always_inline)) void
retain(struct thread *t, struct store_object *o, const void *p,
       const struct ledger_edge *e)
{
	ledger_lock_two(t, o, e->from);
	if (likely(ledger_is_live(o, ledger_address(p)))) {
		o->count++;
		ledger_note(t, o, RKN_EVENT_RETAIN, e->stack,
			    ledger_number(e->from), e->field);
		ledger_add(t, o, RKN_REFERENCE, e);
	}
	ledger_unlock_two(o, e->from);
}

/* What a call does with `o`, which is to be locked, by `e`; and the same where a
 * holder is named, with all that the call still does. */
typedef void apply(struct thread *t, struct store_object *o, const void *p,
		   const struct ledger_edge *e);
typedef void apply_by(struct thread *t, struct store_object *o, const void *p,
		      const void *holder, const char *field, const void *frame);

static inline __attribute__((always_inline)) void
by_holder(apply *change, struct thread *t, struct store_object *o,
	  const void *p, const void *holder, const char *field,
	  const void *frame)
{
	struct ledger_edge e = edge_of(t, holder, field, frame);

	change(t, o, p, &e);
	ledger_leave(t);
}

/* `change_by` is the last that this does, and takes its place on the stack. */
static inline __attribute__((always_inline)) void
by_call(apply *change, apply_by *change_by, const void *p, const void *holder,
	const char *field, const void *frame)
{
	struct thread *t = ledger_enter();
	struct ledger_edge e;
	struct store_object *o;

	if (unlikely(!t))
		return;
	o = ledger_find(t, p, frame);
	if (unlikely(o && holder)) {
		change_by(t, o, p, holder, field, frame);
		return;
	}
	if (likely(o)) {
		e = anonymous(t, frame);
		change(t, o, p, &e);
	}
	ledger_leave(t);
}

static NOINLINE void retain_by(struct thread *t, struct store_object *o,
			       const void *p, const void *holder,
			       const char *field, const void *frame)
{
	by_holder(retain, t, o, p, holder, field, frame);
}

void references_retain(const void *p, const void *holder, const char *field,
		       const void *frame)
{
	by_call(retain, retain_by, p, holder, field, frame);
}

/* Takes the reference out; `o` and e->from are locked. The number of a third
 * object that has it in its list and is locked by another thread: then nothing
 * has changed; else 0. */
static NOINLINE uint32_t end_slowly(struct thread *t, struct store_object *o,
				    const struct ledger_edge *e)
{
	uint32_t held = e->holder ? pairing_find(o, RKN_REFERENCE, e) : 0;
	uint32_t number = held ? held : pairing_end(t, o, e);
	uint32_t from = number ? references_at(number)->from : 0;
	bool third =
	    from && from != ledger_number(e->from) && from != objects_number(o);

	if (third && !objects_try_lock(t, objects_at(from)))
		return from;
	if (e->holder && !held)
		holders_released(t, o, e);
	if (held && pairing_is_renamed(references_at(held), e))
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
	if (!number)
		objects_set_flags(o, 0, STORE_OBJECT_MAKER);
	if (number)
		ledger_drop(t, number);
	if (third)
		objects_unlock(objects_at(from));
	return 0;
}

/* Its first, if e->from holds that in that field: the same as pairing_find(). */
static inline uint32_t first_held_by(const struct store_object *o,
				     const struct ledger_edge *e)
{
	const struct store_reference *r = references_at(o->references);

	return o->references && r->from == objects_number(e->from) &&
		       references_kind(r) == RKN_REFERENCE &&
		       r->field == e->field
		   ? o->references
		   : 0;
}

static inline __attribute__((always_inline)) uint32_t
end(struct thread *t, struct store_object *o, const struct ledger_edge *e)
{
	uint32_t newest = e->holder ? 0 : pairing_newest(o, e);

	if (likely(newest)) {
		ledger_unlink_to(newest); /* nobody has it in another list */
		ledger_free_reference(t, newest);
		return 0;
	}
	newest = e->from ? first_held_by(o, e) : 0;
	if (newest)
		ledger_drop(t, newest);
	else if (!e->holder && pairing_is_makers(o))
		objects_set_flags(o, 0, STORE_OBJECT_MAKER);
	else
		return end_slowly(t, o, e);
	return 0;
}

/* As end_slowly(). */
static inline __attribute__((always_inline)) uint32_t
try_release(struct thread *t, struct store_object *o, const void *p,
	    const struct ledger_edge *e)
{
	uint32_t busy = 0;

	ledger_lock_two(t, o, e->from);
	if (unlikely(!ledger_is_live(o, ledger_address(p)))) {
		/* Another thread ended it meanwhile. */
	} else if (unlikely(o->count <= 0 &&
			    (!o->counter || counters_count(o) == 0))) {
		ledger_error(t, RKN_ERROR_RELEASE_AT_ZERO, o, e->stack, 0);
	} else if (likely(!(busy = end(t, o, e)))) {
		o->count--;
		ledger_note(t, o, RKN_EVENT_RELEASE, e->stack,
			    ledger_number(e->from), e->field);
	}
	ledger_unlock_two(o, e->from);
	return busy;
}

/* The count and the list of references change together, so that no other
 * thread's release can choose the same one. */
static inline __attribute__((always_inline)) void
release(struct thread *t, struct store_object *o, const void *p,
	const struct ledger_edge *e)
{
	uint32_t busy;

	while (unlikely((busy = try_release(t, o, p, e)))) {
		objects_lock(t, objects_at(busy));
		objects_unlock(objects_at(busy));
	}
}

static NOINLINE void release_by(struct thread *t, struct store_object *o,
				const void *p, const void *holder,
				const char *field, const void *frame)
{
	by_holder(release, t, o, p, holder, field, frame);
}

void references_release(const void *p, const void *holder, const char *field,
			const void *frame)
{
	by_call(release, release_by, p, holder, field, frame);
}

/* The maker's reference becomes one of its own. */
static uint32_t move_makers(struct thread *t, struct store_object *o,
			    struct store_object *from, uint64_t holder)
{
	const struct ledger_edge maker = { .from = from,
					   .holder = holder,
					   .stack = o->made_stack,
					   .thread = o->made_thread,
					   .order = o->made_order };

	objects_set_flags(o, 0, STORE_OBJECT_MAKER);
	return ledger_add(t, o, RKN_REFERENCE, &maker);
}

/* Gives the reference that `e` has on `o`, or the maker's, the holder `to`, which
 * is the object `next` if that is not NULL. 0: there is no such reference. */
static uint32_t try_move(struct thread *t, struct store_object *o, uint64_t to,
			 struct store_object *next, const struct ledger_edge *e)
{
	uint32_t number, before;

	if (likely(!e->holder && pairing_is_makers(o)))
		return move_makers(t, o, next, to);
	if (e->holder)
		number = pairing_find(o, RKN_REFERENCE, e);
	else if (pairing_to_move(t, o, e, &number))
		number = move_makers(t, o, NULL, 0);
	if (!number)
		return 0;
	before = references_at(number)->from;
	ledger_unlink_from(number);
	ledger_held_less(t, before);
	ledger_unlink_to(number);
	references_at(number)->holder = to;
	references_at(number)->field = 0; /* that was the former holder's */
	if (to)
		ledger_link_held(number, o);
	else
		ledger_link_first(number, o);
	if (next)
		ledger_link_from(number, next);
	return number;
}

/* Apart from the walk for the edge, which needs the stack, too. */
static NOINLINE void move(struct thread *t, struct store_object *o,
			  const void *p, const void *to,
			  const struct ledger_edge *e)
{
	uint32_t number = 0;
	uint64_t holder = ledger_address(to);
	struct store_object *next = ledger_holder(t, &holder);
	struct store_object *locks[LEDGER_LOCKS] = { o, e->from, next };

	if (e->from)
		ledger_lock(t, locks);
	else
		ledger_lock_two(t, o, next);
	if (!ledger_is_live(o, ledger_address(p)))
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
	else if (!(number = try_move(t, o, holder, next, e)))
		holders_moved(
		    t, o, e,
		    &(struct ledger_edge){ .from = next, .holder = holder });
	if (number)
		ledger_note(t, o, RKN_EVENT_MOVE, e->stack, ledger_number(next),
			    references_at(number)->field);
	if (e->from)
		ledger_unlock(locks);
	else
		ledger_unlock_two(o, next);
}

void references_move(const void *p, const void *from, const void *to,
		     const void *frame)
{
	struct thread *t = ledger_enter();
	struct store_object *o;

	if (!t)
		return;
	o = ledger_find(t, p, frame);
	if (o) {
		struct ledger_edge e = edge_of(t, from, NULL, frame);

		move(t, o, p, to, &e);
	}
	ledger_leave(t);
}

/* What an owner says of `o`, which it points to. */
struct said {
	enum rkn_reference_kind kind;
	bool on;
};

static NOINLINE void say(struct thread *t, struct store_object *o,
			 const void *p, const struct said *said,
			 const struct ledger_edge *e)
{
	struct store_object *locks[LEDGER_LOCKS] = { o, e->from, NULL };
	uint32_t number = 0;

	ledger_lock(t, locks);
	if (!ledger_is_live(o, ledger_address(p))) {
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
	} else if (!said->on && !(number = pairing_find(o, said->kind, e))) {
		holders_unlinked(t, o, e, said->kind);
	} else {
		ledger_note(t, o, said->on ? RKN_EVENT_LINK : RKN_EVENT_UNLINK,
			    e->stack, ledger_number(e->from), e->field);
		if (number && pairing_is_renamed(references_at(number), e))
			ledger_limit(t, RKN_LIMIT_NO_HOLDER);
		if (said->on)
			ledger_add(t, o, said->kind, e);
		else
			ledger_drop(t, number);
	}
	ledger_unlock(locks);
}

static void change_edge(const void *owner, const void *p, const char *field,
			enum rkn_reference_kind kind, bool on,
			const void *frame)
{
	struct thread *t = ledger_enter();
	struct store_object *o;

	if (!t)
		return;
	o = owner ? ledger_find(t, p, frame) : NULL;
	if (o) {
		struct ledger_edge e = edge_of(t, owner, field, frame);

		say(t, o, p, &(struct said){ kind, on }, &e);
	} else if (!owner) {
		ledger_limit(t, RKN_LIMIT_NO_OBJECT);
	}
	ledger_leave(t);
}

void references_link(const void *owner, const void *p, const char *field,
		     bool weak, const void *frame)
{
	change_edge(owner, p, field,
		    weak ? RKN_REFERENCE_WEAK : RKN_REFERENCE_LINK, true,
		    frame);
}

void references_unlink(const void *owner, const void *p, const char *field,
		       bool weak, const void *frame)
{
	change_edge(owner, p, field,
		    weak ? RKN_REFERENCE_WEAK : RKN_REFERENCE_LINK, false,
		    frame);
}

bool references_tracked(const void *p)
{
	struct thread *t = ledger_enter();
	const struct store_object *o;
	bool result;

	if (!t)
		return false;
	o = p ? objects_live(ledger_address(p)) : NULL;
	result = o && objects_flags(o) & STORE_OBJECT_TRACKED;
	ledger_leave(t);
	return result;
}

long references_count(const void *p)
{
	struct thread *t = ledger_enter();
	struct store_object *o;
	long result = -1;

	if (!t)
		return -1;
	o = p ? objects_live(ledger_address(p)) : NULL;
	if (o && objects_flags(o) & STORE_OBJECT_TRACKED)
		result = (long)counters_count(o);
	if (o && result == (long)COUNTERS_UNREADABLE)
		result = o->count;
	ledger_leave(t);
	return result;
}
