/* SPDX-License-Identifier: MIT */
/*
 * jansson, annotated without a change of its source: `cc -include annotated.h`
 * for each of its files, with -DINSIDE_VALUE for value.c and -DINSIDE_HASHTABLE
 * for hashtable.c, and for programs that use it.
 *
 * All references are told: those that objects and arrays hold, with the holder.
 * With COUNTED the objects' own counters are read as well. With INTERIOR a
 * holder is told by an address inside it.
 */
#ifndef ANNOTATED_H
#define ANNOTATED_H

#include <refknot.h>
#include <stddef.h>

/*
 * A call of a function that is named in CALL is one of ours; where the function
 * is declared or defined, it is jansson's: there a type comes first.
 */
#define FOURTH(a, b, c, d, ...) d
#define FOURTH_OF(...)          FOURTH(__VA_ARGS__)
#define IS_json_t               ,
#define IS_json_type            ,
#define CALL(is_type, name)                                                    \
	FOURTH_OF(is_type, told_##name, name, told_##name, name)

/* Only these two change a counter, of what they call `json`. */
#define __atomic_add_fetch(counter, one, order)                                \
	(refknot_retain(json), __atomic_add_fetch(counter, one, order))
#define __atomic_sub_fetch(counter, one, order)                                \
	(refknot_release(json), __atomic_sub_fetch(counter, one, order))

#define json_array_append_new(array, value)                                    \
	CALL(IS_##array, json_array_append_new)(array, value)
#define json_array_set_new(array, at, value)                                   \
	CALL(IS_##array, json_array_set_new)(array, at, value)
#define json_array_insert_new(array, at, value)                                \
	CALL(IS_##array, json_array_insert_new)(array, at, value)

struct json_t;
static int told_json_array_append_new(struct json_t *, struct json_t *);
static int told_json_array_set_new(struct json_t *, size_t, struct json_t *);
static int told_json_array_insert_new(struct json_t *, size_t, struct json_t *);

#include "jansson.h"

#undef __atomic_add_fetch
#undef __atomic_sub_fetch

#define TOLD static inline __attribute__((unused))

/* In both kinds of containers that follows what all values begin with. */
TOLD const void *holder(const json_t *container)
{
#ifdef INTERIOR
	return container ? container + 1 : NULL;
#else
	return container;
#endif
}

/* `true` and its like are not counted. */
TOLD int is_counted(const json_t *json)
{
	return json && json->refcount != (size_t)-1;
}

/* The reference that a caller had is the container's now. */
TOLD void told_held(json_t *json, const json_t *container)
{
	if (is_counted(json))
		refknot_move(json, NULL, holder(container));
}

TOLD int told_json_array_append_new(json_t *array, json_t *value)
{
	int failed = (json_array_append_new)(array, value);

	if (!failed)
		told_held(value, array);
	return failed;
}

TOLD int told_json_array_set_new(json_t *array, size_t at, json_t *value)
{
	int failed = (json_array_set_new)(array, at, value);

	if (!failed)
		told_held(value, array);
	return failed;
}

TOLD int told_json_array_insert_new(json_t *array, size_t at, json_t *value)
{
	int failed = (json_array_insert_new)(array, at, value);

	if (!failed)
		told_held(value, array);
	return failed;
}

/* Give back the reference that `container` (NULL: nobody is named) has. */
TOLD void json_decref_by(json_t *json, const json_t *container)
{
	if (!is_counted(json))
		return;
	refknot_release_by(json, holder(container), NULL);
	if (JSON_INTERNAL_DECREF(json) == 0)
		json_delete(json);
}

#if defined(INSIDE_VALUE) || defined(INSIDE_HASHTABLE)
#include "hashtable.h"

TOLD json_t *container_of_table(hashtable_t *table)
{
	return table ? (json_t *)table - 1 : NULL;
}
#endif

#ifdef INSIDE_HASHTABLE
/* hashtable_iter_set() does not know which it is. */
static hashtable_t *const hashtable __attribute__((unused));

#define json_decref(value) json_decref_by(value, container_of_table(hashtable))
#endif

#ifdef INSIDE_VALUE
static inline void json_init(json_t *json, json_type type);

TOLD void told_json_init(json_t *json, json_type type)
{
	static const char *const names[] = { "Object", "Array", "String",
					     "Integer", "Real" };

	json_init(json, type);
#ifdef COUNTED
	refknot_object_counted(json, names[type], &json->refcount);
#else
	refknot_object(json, names[type]);
#endif
}
#define json_init(json, type) CALL(IS_##type, json_init)(json, type)

TOLD int told_hashtable_set(hashtable_t *table, const char *key, size_t length,
			    json_t *value)
{
	int failed = hashtable_set(table, key, length, value);

	if (!failed)
		told_held(value, container_of_table(table));
	return failed;
}
#define hashtable_set told_hashtable_set

TOLD void told_iter_set(json_t *object, void *iter, json_t *value)
{
	json_t *old = hashtable_iter_value(iter);

	if (is_counted(old))
		refknot_move(old, holder(object), NULL);
	hashtable_iter_set(iter, value);
	told_held(value, object);
}
#define hashtable_iter_set(iter, value) told_iter_set(json, iter, value)

/* What is in array->table is the array's; `value` and `result` are nobody's. */
#define HOLDER_array       (json_t *)array, 0
#define HOLDER_value       NULL
#define HOLDER_result      NULL
#define FIRST(a, ...)      a
#define FIRST_OF(...)      FIRST(__VA_ARGS__)
#define json_decref(value) json_decref_by(value, FIRST_OF(HOLDER_##value, 0))

/* json_array_extend() alone takes references here. */
TOLD void told_taken_by(json_t *json, const json_t *container)
{
	json_incref(json);
	told_held(json, container);
}
#define json_incref(value) told_taken_by(value, (json_t *)array)
#endif

#endif
