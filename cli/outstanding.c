/* SPDX-License-Identifier: MIT */
#include "outstanding.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "hash.h"

struct entry {
	struct key {
		uint32_t stack, field, holder_type, maker;
	} key;
	size_t row;
	UT_hash_handle hh;
};

static void add(struct outstanding *o, struct entry **table, struct key key,
		uint32_t first)
{
	struct entry *e;

	HASH_FIND(hh, *table, &key, sizeof(key), e);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->key = key;
		e->row = o->count;
		HASH_ADD(hh, *table, key, sizeof(e->key), e);
		o->rows =
		    xreallocarray(o->rows, o->count + 1, sizeof(*o->rows));
		o->rows[o->count++] = (struct outstanding_row){
			.stack = key.stack,
			.field = key.field,
			.holder_type = key.holder_type,
			.first = first,
			.maker = key.maker,
		};
	}
	o->rows[e->row].count++;
	o->total++;
}

static void add_object(struct outstanding *o, struct entry **table,
		       const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);

	if (m->objects[object].flags & RKN_OBJECT_MAKER)
		add(o, table, (struct key){ m->objects[object].stack, 0, 0, 1 },
		    RKN_NONE);
	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &m->references[i];

		if (r->kind == RKN_REFERENCE)
			add(o, table,
			    (struct key){
				r->stack, r->field,
				r->from ? m->objects[r->from].type : 0, 0 },
			    (uint32_t)i);
	}
}

static int compare(const void *a, const void *b)
{
	const struct outstanding_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (x->field > y->field) - (x->field < y->field);
}

void outstanding_make(struct outstanding *o, const struct model *m,
		      const uint32_t *objects, size_t count)
{
	struct entry *table = NULL, *e, *next;

	*o = (struct outstanding){ 0 };
	for (size_t i = 0; i < count; i++)
		add_object(o, &table, m, objects[i]);
	if (o->count)
		qsort(o->rows, o->count, sizeof(*o->rows), compare);
	HASH_ITER (hh, table, e, next) {
		HASH_DEL(table, e);
		free(e);
	}
}

void outstanding_release(struct outstanding *o)
{
	free(o->rows);
	*o = (struct outstanding){ 0 };
}
