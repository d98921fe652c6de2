/* SPDX-License-Identifier: MIT */
#include "outstanding.h"
#include "list.h"

#include <stdlib.h>

#include "die.h"
#include "hash.h"
#include "stack_hash.h"

struct entry {
	struct key {
		uint64_t address; /* of a holder that is no object */
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
	hash = stack_hash(m, c->s, stack);
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

static bool is_before(const struct model *m, uint32_t a, uint32_t b)
{
	const struct rkn_object *x = &m->objects[a], *y = &m->objects[b];

	if (x->type != y->type)
		return x->type < y->type;
	return x->serial < y->serial;
}

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
	h = xcalloc(1, sizeof(*h));
	h->key = key;
	HASH_ADD(hh, *seen, key, sizeof(h->key), h);
	/* The first ones in the order in which they were made. */
	n = row->holders < OUTSTANDING_HOLDERS ? row->holders
					       : OUTSTANDING_HOLDERS;
	for (; n && is_before(m, holder, row->holder[n - 1]); n--)
		if (n < OUTSTANDING_HOLDERS)
			row->holder[n] = row->holder[n - 1];
	if (n < OUTSTANDING_HOLDERS)
		row->holder[n] = holder;
	row->holders++;
}

static void release_seen(struct holder_seen *seen)
{
	struct holder_seen *h, *next;

	HASH_ITER (hh, seen, h, next) {
		HASH_DEL(seen, h);
		free(h);
	}
}

static void add(struct outstanding *o, const struct model *m,
		struct entry **table, struct holder_seen **seen, struct key key,
		uint32_t first, uint32_t holder)
{
	struct entry *e;

	HASH_FIND(hh, *table, &key, sizeof(key), e);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->key = key;
		e->row = o->count;
		HASH_ADD(hh, *table, key, sizeof(e->key), e);
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
		       struct holder_seen **seen, struct classes *c,
		       const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);

	if (m->objects[object].flags & RKN_OBJECT_MAKER)
		add(o, m, table, seen,
		    (struct key){ .stack =
				      class_of(c, m, m->objects[object].stack),
				  .kind = MADE },
		    RKN_NONE, 0);
	for (size_t i = first; i < first + n; i++) {
		if (m->references[i].kind == RKN_REFERENCE)
			add(o, m, table, seen, key_of(m, c, &m->references[i]),
			    (uint32_t)i, m->references[i].from);
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

uint64_t outstanding_on(const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);
	uint64_t count = m->objects[object].flags & RKN_OBJECT_MAKER;

	for (size_t i = first; i < first + n; i++)
		count += m->references[i].kind == RKN_REFERENCE;
	return count;
}

void outstanding_make(struct outstanding *o, const struct model *m,
		      struct symbols *s, const uint32_t *objects, size_t count)
{
	struct classes c = { .s = s };
	struct entry *table = NULL, *e, *next;
	struct holder_seen *seen = NULL;

	*o = (struct outstanding){ 0 };
	c.of = xcalloc(m->stack_count + 1, sizeof(*c.of));
	for (size_t i = 0; i < count; i++)
		add_object(o, &table, &seen, &c, m, objects[i]);
	release_seen(seen);
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
