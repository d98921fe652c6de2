/* SPDX-License-Identifier: MIT */
/* A dictionary of counted entries, on uthash: it is an object, and holds each
 * entry, which is an object too. */
#ifndef GC_TABLE_H
#define GC_TABLE_H

#include <uthash.h>

#include "gc_list.h"

struct entry {
	int key;
	int value;
	UT_hash_handle hh;
};

struct table {
	struct entry *entries;
};

static inline struct table *table_new(const char *type)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	refknot_object(t, type);
	return t;
}

/* The maker's reference on the entry goes over to the table. */
static inline void table_add(struct table *t, int key, int value)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->key = key;
	e->value = value;
	refknot_object(e, "entry");
	refknot_move(e, NULL, t);
	HASH_ADD_INT(t->entries, key, e);
}

static inline void table_free(struct table *t)
{
	struct entry *e, *next;

	HASH_ITER (hh, t->entries, e, next) {
		HASH_DEL(t->entries, e);
		refknot_release_by(e, t, NULL);
		free(e);
	}
	refknot_release(t);
	free(t);
}

#endif
