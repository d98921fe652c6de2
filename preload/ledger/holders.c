/* SPDX-License-Identifier: MIT */
#include "holders.h"

#include "counters.h"

#define LOOKED_AT 1024 /* references on one object */

/* What the references on an object say of a holder that has none of them. */
struct look {
	uint32_t other; /* the newest that another object has; 0: none has */
	int64_t told;   /* how many there are, with the maker's */
	bool accounts;  /* one of them may be the one that is meant */
	bool maker;
	bool
	    copied; /* memory that is not an object, and may be a copy, has one */
};

/*
 * `wanted`: the object whose reference counts as the other one, if it has one.
 * A reference may be meant though its holder differs: memory moves from one
 * address to another unseen, an object that has ended may have a successor, and
 * a holder may give back what it links.
 */
static struct look look(const struct store_object *o,
			const struct ledger_edge *e, uint32_t wanted)
{
	struct look l = { .maker = objects_flags(o) & STORE_OBJECT_MAKER };
	uint32_t number = o->references, looked = 0;
	int64_t count = o->counter ? counters_count(o) : o->count;

	for (; number && looked < LOOKED_AT; looked++) {
		const struct store_reference *r = references_at(number);

		if (references_kind(r) == RKN_REFERENCE) {
			l.accounts = l.accounts || pairing_may_mean(r, e);
			l.told++;
			l.copied |= !r->from;
			if (!l.other || (wanted && r->from == wanted))
				l.other = number;
		} else if (references_kind(r) == RKN_REFERENCE_LINK) {
			l.accounts |=
			    e->from && r->from == objects_number(e->from);
		}
		number = r->to_next;
	}
	l.told += l.maker;
	/* Some are in no list. */
	if (number || o->count > l.told || count > l.told)
		l.accounts = true;
	return l;
}

/* What the last events say of a holder. */
struct past {
	uint32_t let_go; /* where it let go of what it had; 0: not known */
	bool had;
	bool moved;    /* by a move */
	bool is_given; /* it was given one that nobody had */
	bool anybody;  /* somebody was named as a holder */
};

static uint32_t kept_events(const struct store_object *o)
{
	if (!o->events)
		return 0;
	return o->event_count < STORE_EVENTS_KEPT ? o->event_count
						  : STORE_EVENTS_KEPT;
}

static struct past look_back(const struct store_object *o, uint32_t holder)
{
	uint32_t n = kept_events(o), i = n ? ledger_event(o->events)->next : 0;
	struct past p = { 0 };
	unsigned moves = 0;

	for (; n; n--, i = ledger_event(i)->next) {
		const struct store_event *e = ledger_event(i);
		uint32_t kind = e->kind_stack >> STORE_KIND_SHIFT;
		uint32_t stack = e->kind_stack & STORE_STACK_MAX;
		bool takes = kind == RKN_EVENT_RETAIN || kind == RKN_EVENT_MOVE;
		bool its = holder && e->holder == holder &&
			   e->order >= objects_at(holder)->made_order;

		p.anybody |= takes && e->holder;
		if (its && takes) {
			p = (struct past){ .had = true, .anybody = true };
			moves = 0;
		} else if (its && kind == STORE_EVENT_WRONG_MOVE) {
			p.is_given = true;
		} else if (its && kind == RKN_EVENT_RELEASE) {
			p.let_go = stack;
			p.moved = p.is_given = false;
			moves = 2;
		} else if (kind == RKN_EVENT_MOVE && p.had && moves < 2) {
			/* Which of several moves was its is not known. */
			p.let_go = moves ? 0 : stack;
			p.moved = !moves;
			moves++;
		}
	}
	return p;
}

static void set_party(struct rkn_party *p, uint64_t address, uint32_t object,
		      uint32_t field, uint32_t stack)
{
	p->address = address;
	p->type = object ? objects_at(object)->type : 0;
	p->serial = object ? objects_at(object)->serial : 0;
	p->field = field;
	p->stack = stack;
}

/* Returns the record, to be filled in further; NULL: there was one like it. */
static struct rkn_error *tell(struct thread *t, enum rkn_error_kind kind,
			      const struct store_object *o,
			      const struct ledger_edge *e, const struct look *l,
			      const struct past *p)
{
	struct rkn_error *error = ledger_error(t, kind, o, e->stack, 0);
	const struct store_reference *r;
	uint32_t from, stack, n, i;

	if (!error)
		return NULL;
	error->flags = (l->maker ? RKN_ERROR_DOUBTED : 0u) |
		       (l->copied ? RKN_ERROR_COPIED : 0u) |
		       (p->moved ? RKN_ERROR_GAVE_AWAY : 0u);
	set_party(&error->who, e->holder, ledger_number(e->from), e->field,
		  p->let_go);
	if (!l->other)
		return error;
	/* The other one, and where it was taken or came to its holder. */
	r = references_at(l->other);
	from = r->from;
	stack = r->kind_stack & STORE_STACK_MAX;
	n = from ? kept_events(o) : 0;
	for (i = n ? ledger_event(o->events)->next : 0; n;
	     n--, i = ledger_event(i)->next) {
		const struct store_event *event = ledger_event(i);
		uint32_t done = event->kind_stack >> STORE_KIND_SHIFT;

		if (event->holder != from ||
		    (done != RKN_EVENT_MOVE && done != RKN_EVENT_RETAIN))
			continue;
		stack = event->kind_stack & STORE_STACK_MAX;
		error->flags &= ~RKN_ERROR_FIRST_MOVE;
		if (done == RKN_EVENT_MOVE)
			error->flags |= RKN_ERROR_FIRST_MOVE;
	}
	set_party(&error->other, from ? objects_at(from)->address : r->holder,
		  from, r->field, stack);
	return error;
}

/*
 * Whether it is wrong. Where a program names no holder when one takes a
 * reference, the maker's may be meant. Here somebody was named; readers judge
 * by whether others were not.
 */
static bool is_wrong(struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e, const struct look *l,
		     const struct past *p)
{
	if (l->accounts || (e->holder && !e->from))
		return false;
	if (!l->maker || l->other || p->had)
		return true;
	if (!p->anybody)
		ledger_error(t, (enum rkn_error_kind)STORE_ERROR_ACCOUNTED, o,
			     e->from->type, 0);
	return false;
}

COLD void holders_released(struct thread *t, const struct store_object *o,
			   const struct ledger_edge *e)
{
	uint32_t from = ledger_number(e->from);
	struct look l = look(o, e, 0);
	struct past p = look_back(o, from);

	if (p.is_given)
		return;
	if (is_wrong(t, o, e, &l, &p))
		tell(t, RKN_ERROR_RELEASE_BY_OTHER, o, e, &l, &p);
	else
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
}

COLD void holders_moved(struct thread *t, struct store_object *o,
			const struct ledger_edge *e,
			const struct ledger_edge *to)
{
	uint32_t from = ledger_number(e->from), next = ledger_number(to->from);
	struct look l = look(o, e, next);
	struct past p = look_back(o, from);
	struct rkn_error *error;

	if (!is_wrong(t, o, e, &l, &p)) {
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
		return;
	}
	error = tell(t, RKN_ERROR_MOVE_FROM_OTHER, o, e, &l, &p);
	if (error)
		set_party(&error->to, to->holder, next, 0, 0);
	ledger_note(t, o, (enum rkn_event_kind)STORE_EVENT_WRONG_MOVE, e->stack,
		    next, 0);
}

COLD void holders_unlinked(struct thread *t, const struct store_object *o,
			   const struct ledger_edge *e,
			   enum rkn_reference_kind kind)
{
	uint32_t from = ledger_number(e->from);
	uint32_t number = o->references, looked = 0;
	struct look l = { 0 };
	struct past p = { 0 };
	bool wrong = kind == RKN_REFERENCE_LINK && from &&
		     objects_flags(objects_at(from)) & STORE_OBJECT_LIVE;

	for (; wrong && number && looked < LOOKED_AT; looked++) {
		const struct store_reference *r = references_at(number);

		if (r->from == from || (!r->from && r->holder))
			wrong = false;
		if (!l.other && references_kind(r) == RKN_REFERENCE_LINK)
			l.other = number;
		number = r->to_next;
	}
	if (wrong && !number)
		tell(t, RKN_ERROR_UNLINK_NOTHING, o, e, &l, &p);
	else
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
}
