/* SPDX-License-Identifier: MIT */
#include "outstanding.h"
#include "list.h"

#include <stdlib.h>

#include "hash.h"
#include "stack_hash.h"

struct entry {
	struct key {
		uint64_t address; /* of a holder that is not an object */
		uint32_t stack, field, holder_type, kind;
	} key;
	size_t row;
	UT_hash_handle hh;
};

enum kind { TAKEN, MADE, OF_ENDED };

/* An object that holds some of a row. */
struct holder_seen {
	struct seen_key {
		uint64_t row, holder;
	} key;
	UT_hash_handle hh;
};

static void add_holder(const struct model *m, struct outstanding_row *row,
		       struct holder_seen **seen, size_t number,
		       uint32_t holder)
{
	const struct seen_key key = { number, holder };
	struct holder_seen *h;
	size_t n;

	HASH_FIND(hh, *seen, &key, sizeof(key), h);
	if (!holder || h)
		return;
	HASH_MAKE(*seen, key, key, h);
	/* The first ones in the order in which they were made. */
	n = row->holders < OUTSTANDING_HOLDERS ? row->holders
					       : OUTSTANDING_HOLDERS;
	for (; n; n--) {
		const struct rkn_object *last = &m->objects[row->holder[n - 1]];

		if ((ORDER(last->type, m->objects[holder].type)
			 ?: ORDER(last->serial, m->objects[holder].serial)) <=
		    0)
			break;
		if (n < OUTSTANDING_HOLDERS)
			row->holder[n] = row->holder[n - 1];
	}
	if (n < OUTSTANDING_HOLDERS)
		row->holder[n] = holder;
	row->holders++;
}

static void add(struct outstanding *o, const struct model *m,
		struct entry **table, struct holder_seen **seen, struct key key,
		uint32_t first, uint32_t holder)
{
	struct entry *e;

	HASH_FIND(hh, *table, &key, sizeof(key), e);
	if (!e) {
		HASH_MAKE(*table, key, key, e);
		e->row = o->count;
		*LIST_ADD(o->rows, o->count) = (struct outstanding_row){
			.stack = key.stack,
			.field = key.field,
			.holder_type = key.holder_type,
			.first = first,
			.maker = key.kind == MADE,
			.ended = key.kind == OF_ENDED,
		};
	}
	o->rows[e->row].count++;
	o->total++;
	add_holder(m, &o->rows[e->row], seen, e->row, holder);
}

static void add_object(struct outstanding *o, struct entry **table,
		       struct holder_seen **seen, struct stack_classes *c,
		       const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);

	if (m->objects[object].flags & RKN_OBJECT_MAKER)
		add(o, m, table, seen,
		    (struct key){ .stack =
				      stack_class(c, m->objects[object].stack),
				  .kind = MADE },
		    RKN_NONE, 0);
	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &m->references[i];
		const struct rkn_object *holder = &m->objects[r->from];
		bool ended = r->from && holder->flags & RKN_OBJECT_ENDED;

		if (r->kind == RKN_REFERENCE)
			add(o, m, table, seen,
			    (struct key){
				.address = r->from ? 0 : r->holder,
				.stack = stack_class(c, r->stack),
				.field = r->field,
				.holder_type = r->from ? holder->type : 0,
				.kind = ended ? OF_ENDED : TAKEN,
			    },
			    (uint32_t)i, r->from);
	}
}

static int compare(const void *a, const void *b)
{
	const struct outstanding_row *x = a, *y = b;

	return ORDER(y->count, x->count) ?:
	       ORDER(x->stack, y->stack) ?:
	       ORDER(x->field, y->field);
}

uint64_t outstanding_on(const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);
	uint64_t count = m->objects[object].flags & RKN_OBJECT_MAKER;

	for (size_t i = first; i < first + n; i++)
		count += m->references[i].kind == RKN_REFERENCE;
	return count;
}

void outstanding_make(struct outstanding *o, const struct reading *in,
		      const uint32_t *objects, size_t count)
{
	struct stack_classes c;
	struct entry *table = NULL;
	struct holder_seen *seen = NULL;

	*o = (struct outstanding){ 0 };
	stack_classes_open(&c, in->m, in->symbols);
	for (size_t i = 0; i < count; i++)
		add_object(o, &table, &seen, &c, in->m, objects[i]);
	HASH_FREE(seen);
	stack_classes_close(&c);
	if (o->count)
		qsort(o->rows, o->count, sizeof(*o->rows), compare);
	HASH_FREE(table);
}

void outstanding_release(struct outstanding *o)
{
	free(o->rows);
	*o = (struct outstanding){ 0 };
}
