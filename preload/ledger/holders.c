/* SPDX-License-Identifier: MIT */
#include "holders.h"

#include "counters.h"
#include "errors.h"

#define LOOKED_AT 1024 /* references on one object */

/* What the references on an object say of one that has none of them. */
struct look {
	uint32_t other; /* the newest that another object has; 0: none has */
	int64_t told;   /* how many there are, with the maker's */
	bool accounts;  /* one of them may be the one that is meant */
	bool maker;
	bool copied; /* memory has one that is no object, and may be copied */
};

static bool is_live(uint32_t object)
{
	return objects_flags(objects_at(object)) & STORE_OBJECT_LIVE;
}

/* Memory moves from one address to another and nobody says so; an object that
 * has ended may have had a successor; and what a holder links it may give back. */
static bool may_be_meant(const struct store_reference *r,
			 const struct ledger_edge *e)
{
	if (references_kind(r) == RKN_REFERENCE_LINK)
		return e->from && r->from == objects_number(e->from);
	return references_kind(r) == RKN_REFERENCE && pairing_may_mean(r, e);
}

/* `wanted`: whose reference is the other one, if it has any. */
static struct look look(const struct store_object *o,
			const struct ledger_edge *e, uint32_t wanted)
{
	struct look l = { .maker = objects_flags(o) & STORE_OBJECT_MAKER };
	uint32_t number = o->references, looked = 0;
	int64_t count = o->counter ? counters_count(o) : o->count;

	for (; number && looked < LOOKED_AT; looked++) {
		const struct store_reference *r = references_at(number);

		l.accounts = l.accounts || may_be_meant(r, e);
		if (references_kind(r) == RKN_REFERENCE) {
			l.told++;
			l.copied |= !r->from;
			if (!l.other || (wanted && r->from == wanted))
				l.other = number;
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
	bool moved;   /* by a move */
	bool is_told; /* it was given one that nobody had */
	bool anybody; /* somebody was named as a holder */
};

static void follow(struct past *p, const struct store_event *e, uint32_t holder,
		   unsigned *moves)
{
	uint32_t kind = e->kind_stack >> STORE_KIND_SHIFT;
	uint32_t stack = e->kind_stack & STORE_STACK_MAX;
	bool takes = kind == RKN_EVENT_RETAIN || kind == RKN_EVENT_MOVE;
	bool its = holder && e->holder == holder &&
		   e->order >= objects_at(holder)->made_order;

	p->anybody |= takes && e->holder;
	if (its && takes) {
		*p = (struct past){ .had = true, .anybody = true };
		*moves = 0;
	} else if (its && kind == STORE_EVENT_WRONG_MOVE) {
		p->is_told = true;
	} else if (its && kind == RKN_EVENT_RELEASE) {
		p->let_go = stack;
		p->moved = p->is_told = false;
		*moves = 2;
	} else if (kind == RKN_EVENT_MOVE && p->had && *moves < 2) {
		/* Of several it is not known which was its. */
		p->let_go = *moves ? 0 : stack;
		p->moved = !*moves;
		++*moves;
	}
}

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

	for (; n; n--, i = ledger_event(i)->next)
		follow(&p, ledger_event(i), holder, &moves);
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

/* The other one, and where it was taken or came to it. */
static void set_other(struct rkn_error *error, const struct store_object *o,
		      uint32_t number)
{
	const struct store_reference *r = references_at(number);
	uint32_t from = r->from, stack = r->kind_stack & STORE_STACK_MAX;
	uint32_t n = kept_events(o), i = n ? ledger_event(o->events)->next : 0;

	for (; from && n; n--, i = ledger_event(i)->next) {
		const struct store_event *e = ledger_event(i);
		uint32_t kind = e->kind_stack >> STORE_KIND_SHIFT;

		if (e->holder != from ||
		    (kind != RKN_EVENT_MOVE && kind != RKN_EVENT_RETAIN))
			continue;
		stack = e->kind_stack & STORE_STACK_MAX;
		error->flags =
		    (error->flags & ~RKN_ERROR_FIRST_MOVE) |
		    (kind == RKN_EVENT_MOVE ? RKN_ERROR_FIRST_MOVE : 0u);
	}
	set_party(&error->other, from ? objects_at(from)->address : r->holder,
		  from, r->field, stack);
}

/* The record to be filled in further; NULL: there is one like it. */
static struct rkn_error *tell(struct thread *t, enum rkn_error_kind kind,
			      const struct store_object *o,
			      const struct ledger_edge *e, const struct look *l,
			      const struct past *p)
{
	struct rkn_error *error = errors_add(t, kind, o, e->stack, 0);

	if (!error)
		return NULL;
	error->flags = (l->maker ? RKN_ERROR_DOUBTED : 0u) |
		       (l->copied ? RKN_ERROR_COPIED : 0u) |
		       (p->moved ? RKN_ERROR_GAVE_AWAY : 0u);
	set_party(&error->who, e->holder, ledger_number(e->from), e->field,
		  p->let_go);
	if (l->other)
		set_other(error, o, l->other);
	return error;
}

/*
 * Is it wrong? The maker's reference may be meant where holders are not named
 * when they take: but if somebody was, here, they are; that is for readers to
 * judge, by whether there were others for which nobody was.
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
		errors_add(t, (enum rkn_error_kind)STORE_ERROR_ACCOUNTED, o,
			   e->from->type, 0);
	return false;
}

COLD void holders_released(struct thread *t, const struct store_object *o,
			   const struct ledger_edge *e)
{
	uint32_t from = ledger_number(e->from);
	struct look l = look(o, e, 0);
	struct past p = look_back(o, from);

	if (p.is_told)
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

/* Weak edges may be taken back long after; see may_be_meant() for the others. */
static bool has_edge(const struct store_object *o, uint32_t from,
		     struct look *l)
{
	uint32_t number = o->references;

	for (uint32_t i = 0; number && i < LOOKED_AT; i++) {
		const struct store_reference *r = references_at(number);

		if (r->from == from || (!r->from && r->holder))
			return true;
		if (!l->other && references_kind(r) == RKN_REFERENCE_LINK)
			l->other = number;
		number = r->to_next;
	}
	return number;
}

COLD void holders_unlinked(struct thread *t, const struct store_object *o,
			   const struct ledger_edge *e,
			   enum rkn_reference_kind kind)
{
	uint32_t from = ledger_number(e->from);
	struct look l = { 0 };
	struct past p = { 0 };

	if (kind == RKN_REFERENCE_LINK && from && is_live(from) &&
	    !has_edge(o, from, &l))
		tell(t, RKN_ERROR_UNLINK_NOTHING, o, e, &l, &p);
	else
		ledger_limit(t, RKN_LIMIT_NO_HOLDER);
}
