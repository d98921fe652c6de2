/* SPDX-License-Identifier: MIT */
#include "pairing.h"

#define COMPARED    8 /* references whose stacks a release compares */
#define HOLDER_MOST 65536 /* that one by a holder that is no object looks at */

static struct store_frame *frames(void)
{
	return store_at(store.header->tables[STORE_FRAMES].offset);
}

static bool fits(const struct store_reference *r, uint32_t kind,
		 const struct ledger_edge *e)
{
	return references_kind(r) == kind && (!e->field || r->field == e->field);
}

/* Both lists at once, so that the shorter one decides how long it takes. */
static uint32_t find_by_object(const struct store_object *to, uint32_t kind,
			       const struct ledger_edge *e)
{
	uint32_t a = to->references, b = e->from->holds;
	uint32_t number = objects_number(to), from = objects_number(e->from);

	while (a && b) {
		const struct store_reference *r = references_at(a);

		if (r->from == from && fits(r, kind, e))
			return a;
		a = r->to_next;
		r = references_at(b);
		if (r->to == number && fits(r, kind, e))
			return b;
		b = r->from_next;
	}
	return 0;
}

static uint32_t find_by_address(const struct store_object *to, uint32_t kind,
				const struct ledger_edge *e)
{
	uint32_t number = ledger_first_held(to);

	for (uint32_t i = 0; number && i < HOLDER_MOST; i++) {
		const struct store_reference *r = references_at(number);

		if (!r->from && r->holder == e->holder && fits(r, kind, e))
			return number;
		number = r->to_next;
	}
	return 0;
}

/* It may have been no object yet when it took the reference. */
uint32_t pairing_find(const struct store_object *to, uint32_t kind,
		      const struct ledger_edge *e)
{
	uint32_t number = e->from ? find_by_object(to, kind, e) : 0;

	return number ? number : find_by_address(to, kind, e);
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

/* The newest that somebody is named for. */
static uint32_t find_held(const struct store_object *o)
{
	uint32_t number = ledger_first_held(o);

	while (number && references_kind(references_at(number)))
		number = references_at(number)->to_next;
	return number;
}

uint32_t pairing_end(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e)
{
	struct choice c = choose(t, o, e->stack, false);

	if (c.maker)
		return 0;
	return c.number ? c.number : find_held(o);
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
