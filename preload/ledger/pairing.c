/* SPDX-License-Identifier: MIT */
#include "pairing.h"

#include "block_at.h"
#include "modules.h"

#define COMPARED    8     /* references whose stacks a release compares */
#define HOLDER_MOST 65536 /* that one by a holder that is no object looks at */
#define BETTER      1024  /* that are looked at for one that fits better */

static struct store_frame *frames(void)
{
	return store_at(store.header->tables[STORE_FRAMES].offset);
}

/* How well a holder's own reference fits what it names. */
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

static enum fit fit_of(const struct store_reference *r,
		       const struct ledger_edge *e)
{
	if (r->field == e->field)
		return SAME_FIELD;
	return r->field && e->field ? OTHER_FIELD : NO_FIELD;
}

/* Of several that fit alike the first, which is the newest. */
static void prefer(struct pick *p, uint32_t number, const struct ledger_edge *e)
{
	enum fit fit = fit_of(references_at(number), e);

	if (fit > p->fit)
		*p = (struct pick){ number, fit };
}

/* Both lists at once, so that the shorter one decides how long it takes. */
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

static struct pick find_by_address(const struct store_object *to, uint32_t kind,
				   const struct ledger_edge *e)
{
	uint32_t number = ledger_first_held(to), more = BETTER;
	struct pick p = { 0 };

	for (uint32_t i = 0; number && i < HOLDER_MOST && more; i++) {
		const struct store_reference *r = references_at(number);

		if (!r->from && r->holder == e->holder &&
		    references_kind(r) == kind)
			prefer(&p, number, e);
		if (p.fit == SAME_FIELD)
			break;
		number = r->to_next;
		more -= p.fit >= NO_FIELD;
	}
	return p;
}

/* It may have been no object yet when it took the reference. */
static NOINLINE uint32_t search(const struct store_object *to, uint32_t kind,
				const struct ledger_edge *e)
{
	struct pick p = { 0 }, q;

	if (e->from)
		p = find_by_object(to, kind, e);
	if (p.fit >= NO_FIELD)
		return p.number;
	q = find_by_address(to, kind, e);
	return p.fit >= q.fit ? p.number : q.number;
}

/* Mostly a holder that is no object has the newest. */
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

/* Memory on a stack is none: what was there may be anywhere by now. */
static bool is_memory(uint64_t address)
{
	uint64_t start, size;

	return block_at(address, &start, &size) || modules_end(address) != 0;
}

bool pairing_may_mean(const struct store_reference *r,
		      const struct ledger_edge *e)
{
	if (r->from)
		return !(objects_flags(objects_at(r->from)) &
			 STORE_OBJECT_LIVE);
	return !r->holder || !e->from || !is_memory(r->holder);
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

/*
 * How near two stacks are: first by the innermost frame that both have, then by
 * how alike the ways from there are long. Parents have smaller numbers than
 * their children, so of the frames of one stack the larger number is the nearer.
 */
static uint64_t nearness(uint32_t a, uint32_t b)
{
	const struct store_frame *f = frames();
	uint32_t up_a = 0, up_b = 0, apart;

	while (a != b)
		if (a > b) {
			a = f[a].parent;
			up_a++;
		} else {
			b = f[b].parent;
			up_b++;
		}
	apart = up_a > up_b ? up_a - up_b : up_b - up_a;
	return ((uint64_t)a << 8 | (apart < 255 ? 255 - apart : 0)) + 1;
}

struct choice {
	uint32_t frame;  /* of the release */
	uint32_t thread; /* likewise */
	uint64_t best;   /* how near; 0: none yet */
	uint32_t number; /* of the reference; 0: the maker's */
	bool maker;
	bool moves; /* it is no release: then in a draw it is the maker's */
};

static void consider(struct choice *c, uint32_t number, uint32_t stack,
		     uint32_t thread, bool maker)
{
	uint64_t near = (uint64_t)(thread == c->thread) << 48 |
			nearness(frame_of(stack), c->frame);

	if (near < c->best || (near == c->best && !(maker && c->moves)))
		return;
	c->best = near;
	c->number = number;
	c->maker = maker;
}

/* Of the references that nobody is named for, the one that was taken nearest;
 * the newest comes first and stays in a draw. */
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
		/* Alone it need not be compared. */
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

/* The newest that somebody is named for; where a holder is named that has none,
 * one that it may mean. */
static uint32_t find_held(const struct store_object *o,
			  const struct ledger_edge *e)
{
	uint32_t number = ledger_first_held(o), more = BETTER;

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

uint32_t pairing_end(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e)
{
	struct choice c = choose(t, o, e->stack, false);

	if (c.maker)
		return 0;
	return c.number ? c.number : find_held(o, e);
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
