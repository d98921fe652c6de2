/* SPDX-License-Identifier: MIT */
#include "pairing.h"

#include "block_at.h"
#include "modules.h"

#define COMPARED    8     /* references whose stacks a release compares */
#define HOLDER_MOST 65536 /* that one without an object as holder looks at */
#define BETTER      1024  /* that are looked at for one that fits better */

static struct store_frame *frames(void)
{
	return store_at(store.header->tables[STORE_FRAMES].offset);
}

/* How well a holder's own reference fits the named field. */
enum fit {
	NONE,
	OTHER_FIELD,
	NO_FIELD, /* one of the two names none */
	SAME_FIELD,
};

struct pick {
	uint32_t number;
	enum fit fit;
};

/* Of several that fit equally well, keeps the first, which is the newest. */
static void prefer(struct pick *p, uint32_t number, const struct ledger_edge *e)
{
	uint32_t field = references_at(number)->field;
	enum fit fit = field == e->field   ? SAME_FIELD
		       : field && e->field ? OTHER_FIELD
					   : NO_FIELD;

	if (fit > p->fit)
		*p = (struct pick){ number, fit };
}

/* Walks both lists at once, so that the shorter one decides how long it takes.
 */
static struct pick find_by_object(const struct store_object *to, uint32_t kind,
				  const struct ledger_edge *e)
{
	uint32_t a = to->references, b = e->from->holds, more = BETTER;
	uint32_t number = objects_number(to), from = objects_number(e->from);
	struct pick p = { 0 }, q = { 0 };

	while (a && b && p.fit < SAME_FIELD && q.fit < SAME_FIELD && more) {
		const struct store_reference *r = references_at(a);

		if (r->from == from && references_kind(r) == kind)
			prefer(&p, a, e);
		a = r->to_next;
		r = references_at(b);
		if (r->to == number && references_kind(r) == kind)
			prefer(&q, b, e);
		b = r->from_next;
		more -= p.fit >= NO_FIELD || q.fit >= NO_FIELD;
	}
	return p.fit >= q.fit ? p : q;
}

/* By address too: the holder may not have been an object yet when it took the
 * reference. */
static NOINLINE uint32_t search(const struct store_object *to, uint32_t kind,
				const struct ledger_edge *e)
{
	uint32_t number = ledger_first_held(to), more = BETTER;
	struct pick p = { 0 }, q = { 0 };

	if (e->from)
		p = find_by_object(to, kind, e);
	if (p.fit >= NO_FIELD)
		return p.number;
	for (uint32_t i = 0; number && i < HOLDER_MOST && more; i++) {
		const struct store_reference *r = references_at(number);

		if (!r->from && r->holder == e->holder &&
		    references_kind(r) == kind)
			prefer(&q, number, e);
		if (q.fit == SAME_FIELD)
			break;
		number = r->to_next;
		more -= q.fit >= NO_FIELD;
	}
	return p.fit >= q.fit ? p.number : q.number;
}

/* A holder that is not an object mostly has the newest. */
uint32_t pairing_find(const struct store_object *to, uint32_t kind,
		      const struct ledger_edge *e)
{
	uint32_t number = e->from ? 0 : ledger_first_held(to);
	const struct store_reference *r = references_at(number);

	if (likely(number && !r->from && r->holder == e->holder &&
		   r->field == e->field && references_kind(r) == kind))
		return number;
	return search(to, kind, e);
}

bool pairing_may_mean(const struct store_reference *r,
		      const struct ledger_edge *e)
{
	uint64_t start, size;

	if (r->from)
		return !(objects_flags(objects_at(r->from)) &
			 STORE_OBJECT_LIVE);
	/* A holder on a stack counts as gone: it may be anywhere by now. */
	return !r->holder || !e->from ||
	       (!block_at(r->holder, &start, &size) && !modules_end(r->holder));
}

static uint32_t frame_of(uint32_t stack)
{
	const struct store_stack *s =
	    store_at(store.header->tables[STORE_STACKS].offset);

	return s[stack].frame;
}

static uint32_t parent_of(uint32_t stack)
{
	return frames()[frame_of(stack)].parent;
}

bool pairing_is_near(const struct store_reference *r,
		     const struct ledger_edge *e)
{
	uint32_t taken = parent_of(r->kind_stack & STORE_STACK_MAX);
	uint32_t released = parent_of(e->stack);

	return taken == e->scope || released == r->scope || taken == released;
}

struct choice {
	uint32_t frame;  /* of the release */
	uint32_t thread; /* likewise */
	uint64_t best;   /* how near; 0: none yet */
	uint32_t number; /* of the reference; 0: the maker's */
	bool maker;
	bool moves; /* not a release: in a draw it is the maker's */
};

/*
 * The nearer of two stacks shares the inner frame with the release; in a draw
 * it is the one whose path from there has the more similar length. Parents have
 * smaller numbers than their children, so of the frames of one stack the larger
 * number is the nearer.
 */
static void consider(struct choice *c, uint32_t number, uint32_t stack,
		     uint32_t thread, bool maker)
{
	const struct store_frame *f = frames();
	uint32_t a = frame_of(stack), b = c->frame;
	uint32_t up_a = 0, up_b = 0, apart;
	uint64_t near;

	while (a != b)
		if (a > b) {
			a = f[a].parent;
			up_a++;
		} else {
			b = f[b].parent;
			up_b++;
		}
	apart = up_a > up_b ? up_a - up_b : up_b - up_a;
	near = (uint64_t)(thread == c->thread) << 48 |
	       (((uint64_t)a << 8 | (apart < 255 ? 255 - apart : 0)) + 1);
	if (near < c->best || (near == c->best && !(maker && c->moves)))
		return;
	c->best = near;
	c->number = number;
	c->maker = maker;
}

/* Of the references without a named holder, the one that was taken nearest; in
 * a draw the newest, which comes first. */
static struct choice choose(const struct thread *t,
			    const struct store_object *o, uint32_t stack,
			    bool moves)
{
	struct choice c = { .frame = frame_of(stack),
			    .thread = t->serial,
			    .moves = moves };
	uint32_t number = o->references, first = 0, compared = 0;
	bool maker = o->flags & STORE_OBJECT_MAKER;

	while (number && compared < COMPARED) {
		const struct store_reference *r = references_at(number);

		if (!pairing_is_anonymous(r))
			break; /* nor is any behind it */
		/* A single one need not be compared. */
		if (compared++ == 1)
			consider(&c, first,
				 references_at(first)->kind_stack &
				     STORE_STACK_MAX,
				 references_at(first)->thread, false);
		if (compared == 1)
			first = number;
		else
			consider(&c, number, r->kind_stack & STORE_STACK_MAX,
				 r->thread, false);
		number = r->to_next;
	}
	if (compared == 1 && maker)
		consider(&c, first,
			 references_at(first)->kind_stack & STORE_STACK_MAX,
			 references_at(first)->thread, false);
	else if (compared == 1)
		c.number = first;
	if (maker && compared)
		consider(&c, 0, o->made_stack, o->made_thread, true);
	else if (maker)
		c.maker = true;
	return c;
}

uint32_t pairing_end(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e)
{
	struct choice c = choose(t, o, e->stack, false);
	uint32_t number = ledger_first_held(o), more = BETTER;

	if (c.maker || c.number)
		return c.maker ? 0 : c.number;
	/* The newest with a named holder; if `e` names a holder that has none,
	 * one that it may mean. */
	while (number && more) {
		const struct store_reference *r = references_at(number);

		if (references_kind(r) == RKN_REFERENCE &&
		    (!e->holder || pairing_may_mean(r, e)))
			return number;
		number = r->to_next;
		more -= e->holder != 0;
	}
	return 0;
}

bool pairing_to_move(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e, uint32_t *number)
{
	const struct store_reference *r = references_at(o->references);
	struct choice c;

	*number = o->references;
	if (*number && pairing_is_anonymous(r) && r->thread == e->thread &&
	    parent_of(r->kind_stack & STORE_STACK_MAX) == parent_of(e->stack))
		return false;
	c = choose(t, o, e->stack, true);
	*number = c.number;
	return c.maker;
}
