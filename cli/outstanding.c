/* SPDX-License-Identifier: MIT */
#include "outstanding.h"

#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "die.h"
#include "hash.h"

struct entry {
	struct key {
		uint64_t address; /* of a holder that is no object */
		uint32_t stack, field, holder_type, kind;
	} key;
	size_t row;
	UT_hash_handle hh;
};

enum kind { TAKEN, MADE, OF_ENDED };

/* The first stack seen that is like another. */
struct alike {
	uint64_t hash;
	uint32_t stack;
	UT_hash_handle hh;
};

struct classes {
	struct symbols *s;
	struct alike *table;
	uint32_t *of; /* by stack: 1 + that one; 0: not asked */
};

static uint32_t class_of(struct classes *c, const struct model *m,
			 uint32_t stack)
{
	struct alike *e;
	uint64_t hash;

	if (c->of[stack])
		return c->of[stack] - 1;
	hash = alike_stack(m, c->s, stack);
	HASH_FIND(hh, c->table, &hash, sizeof(hash), e);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->hash = hash;
		e->stack = stack;
		HASH_ADD(hh, c->table, hash, sizeof(e->hash), e);
	}
	c->of[stack] = 1 + e->stack;
	return e->stack;
}

static void release_classes(struct classes *c)
{
	struct alike *e, *next;

	HASH_ITER (hh, c->table, e, next) {
		HASH_DEL(c->table, e);
		free(e);
	}
	free(c->of);
}

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
			.maker = key.kind == MADE,
			.ended = key.kind == OF_ENDED,
		};
	}
	o->rows[e->row].count++;
	o->total++;
}

static struct key key_of(const struct model *m, struct classes *c,
			 const struct rkn_reference *r)
{
	const struct rkn_object *holder = &m->objects[r->from];

	return (struct key){
		.address = r->from ? 0 : r->holder,
		.stack = class_of(c, m, r->stack),
		.field = r->field,
		.holder_type = r->from ? holder->type : 0,
		.kind = r->from && holder->flags & RKN_OBJECT_ENDED ? OF_ENDED
								    : TAKEN,
	};
}

static void add_object(struct outstanding *o, struct entry **table,
		       struct classes *c, const struct model *m,
		       uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);

	if (m->objects[object].flags & RKN_OBJECT_MAKER)
		add(o, table,
		    (struct key){ .stack =
				      class_of(c, m, m->objects[object].stack),
				  .kind = MADE },
		    RKN_NONE);
	for (size_t i = first; i < first + n; i++) {
		if (m->references[i].kind == RKN_REFERENCE)
			add(o, table, key_of(m, c, &m->references[i]),
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
		      struct symbols *s, const uint32_t *objects, size_t count)
{
	struct classes c = { .s = s };
	struct entry *table = NULL, *e, *next;

	*o = (struct outstanding){ 0 };
	c.of = xcalloc(m->stack_count + 1, sizeof(*c.of));
	for (size_t i = 0; i < count; i++)
		add_object(o, &table, &c, m, objects[i]);
	release_classes(&c);
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
