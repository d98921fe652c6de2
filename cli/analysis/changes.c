/* SPDX-License-Identifier: MIT */
#include "changes.h"

struct visitor {
	void (*visit)(const struct change *change, void *data);
	void *data;
};

static int64_t change_of(const struct rkn_event *e)
{
	return e->kind == RKN_EVENT_RETAIN    ? 1
	       : e->kind == RKN_EVENT_RELEASE ? -1
					      : 0;
}

static void visit(const struct visitor *v, enum change_kind kind,
		  uint32_t stack, bool named)
{
	const struct change change = { kind, stack, named };

	v->visit(&change, v->data);
}

/* References from before the first event that was kept. */
static uint64_t visit_older(const struct visitor *v, const struct model *m,
			    uint32_t object, uint64_t order)
{
	size_t first, n = model_references_of(m, object, &first);
	uint64_t count = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &m->references[i];

		if (r->kind != RKN_REFERENCE || r->order >= order)
			continue;
		visit(v, CHANGE_TAKEN, r->stack, r->holder != 0);
		count++;
	}
	return count;
}

void changes_visit(struct changes *c, const struct model *m, uint32_t object,
		   void (*each)(const struct change *change, void *data),
		   void *data)
{
	const struct visitor v = { each, data };
	const struct rkn_object *o = &m->objects[object];
	const struct rkn_event *e;
	size_t first, n = model_events_of(m, object, &first);
	uint64_t older;

	*c = (struct changes){ 0 };
	visit(&v, CHANGE_MADE, o->stack, false);
	c->lost = c->outside = o->event_count > n ? o->event_count - n : 0;
	/* A release whose retain was not kept tells nothing. */
	for (; c->lost && n > 1 && change_of(&m->events[first]) < 0;
	     n--, first++)
		c->outside++;
	for (size_t i = first; i < first + n; i++) {
		e = &m->events[i];
		if (change_of(e))
			visit(
			    &v,
			    change_of(e) < 0 ? CHANGE_GIVEN_BACK : CHANGE_TAKEN,
			    /* What is known of a holder that went long ago. */
			    e->stack, e->holder || e->field);
	}
	if (!c->lost || !n)
		return;
	e = &m->events[first];
	older = visit_older(&v, m, object, e->order);
	c->lost_count = (int64_t)e->count - change_of(e) - 1 - (int64_t)older;
	c->outside -= older < c->outside ? older : c->outside;
}

static void count_unnamed(const struct change *change, void *data)
{
	int64_t *left = data;

	if (!change->named)
		*left += change->kind == CHANGE_GIVEN_BACK ? -1 : 1;
}

bool changes_explain(const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);
	int64_t left = 0, unnamed = m->objects[object].flags & RKN_OBJECT_MAKER;
	struct changes c;

	for (size_t i = first; i < first + n; i++)
		unnamed += m->references[i].kind == RKN_REFERENCE &&
			   !m->references[i].holder;
	changes_visit(&c, m, object, count_unnamed, &left);
	return !c.lost && left == unnamed;
}
