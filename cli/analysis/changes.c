/* SPDX-License-Identifier: MIT */
#include "changes.h"

static int64_t change_of(const struct rkn_event *e)
{
	return e->kind == RKN_EVENT_RETAIN    ? 1
	       : e->kind == RKN_EVENT_RELEASE ? -1
					      : 0;
}

void changes_visit(struct changes *c, const struct model *m, uint32_t object,
		   void (*visit)(const struct change *change, void *data),
		   void *data)
{
	struct change change = { CHANGE_MADE, m->objects[object].stack, false };
	size_t first, n = model_events_of(m, object, &first), of, references;
	uint64_t all = m->objects[object].event_count, older = 0;
	const struct rkn_event *e;

	*c = (struct changes){ 0 };
	visit(&change, data);
	c->lost = c->outside = all > n ? all - n : 0;
	/* A release whose retain was not kept says nothing. */
	for (; c->lost && n > 1 && change_of(&m->events[first]) < 0;
	     n--, first++)
		c->outside++;
	for (e = &m->events[first]; e < &m->events[first + n]; e++) {
		if (!change_of(e))
			continue;
		change.kind =
		    change_of(e) < 0 ? CHANGE_GIVEN_BACK : CHANGE_TAKEN;
		change.stack = e->stack;
		/* The field is all that is known of a holder that went long
		 * ago. */
		change.named = e->holder || e->field;
		visit(&change, data);
	}
	if (!c->lost || !n)
		return;
	/* References from before the first event that was kept. */
	e = &m->events[first];
	references = model_references_of(m, object, &of);
	for (size_t i = of; i < of + references; i++) {
		const struct rkn_reference *r = &m->references[i];

		if (r->kind != RKN_REFERENCE || r->order >= e->order)
			continue;
		change =
		    (struct change){ CHANGE_TAKEN, r->stack, r->holder != 0 };
		visit(&change, data);
		older++;
	}
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
