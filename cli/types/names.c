/* SPDX-License-Identifier: MIT */
#include "names.h"
#include "list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "block_objects.h"
#include "escape.h"
#include "hash.h"
#include "place.h"
#include "plain_name.h"

#define MOST_STEPS 64 /* into types of types: a file may be damaged */

struct type {
	uint32_t number; /* in order of discovery */
	/* What was called so first, if its name is only a place. */
	const struct c_type *unnamed;
	UT_hash_handle hh;
	char text[]; /* the key */
};

/* The name of a C type. */
struct c_name {
	struct c_key {
		const void *type; /* a C type or a first word; NULL: bytes */
		uint64_t array;
	} key;
	struct type *named;
	UT_hash_handle hh;
};

/* A block whose number was asked for. */
struct query {
	uint32_t block;
	uint32_t type;   /* its type's number */
	uint64_t number; /* of the object, from 1 */
};

struct names {
	const struct model *m;
	struct symbols *symbols;
	struct block_types *c_types;
	struct type *types;     /* hash table by text */
	struct c_name *by_type; /* hash table: of C types */
	struct type **by_call;  /* one a stack; NULL: not asked yet */
	struct type **before;   /* likewise: names_type_before() */
	struct type **by_name;  /* likewise; by number of the name */
	struct block_objects contents;
	struct query *queries; /* by type, then birth, once `numbered` */
	size_t count;
	bool numbered;
};

struct names *names_open(const struct model *m, struct symbols *s,
			 struct block_types *t)
{
	struct names *n = xcalloc(1, sizeof(*n));

	n->m = m;
	n->symbols = s;
	n->c_types = t;
	n->by_call = xcalloc(m->stack_count + 1, sizeof(*n->by_call));
	n->before = xcalloc(m->stack_count + 1, sizeof(*n->before));
	n->by_name = xcalloc(m->name_count + 1, sizeof(*n->by_name));
	if (m->object_count > 1)
		block_objects_make(&n->contents, m);
	return n;
}

void names_close(struct names *n)
{
	HASH_FREE(n->types);
	HASH_FREE(n->by_type);
	free(n->by_call);
	free(n->before);
	free(n->by_name);
	block_objects_release(&n->contents);
	free(n->queries);
	free(n);
}

static struct type *intern(struct names *n, const char *text)
{
	struct type *t;
	size_t size = strlen(text) + 1;

	HASH_FIND_STR(n->types, text, t);
	if (t)
		return t;
	t = xcalloc(1, sizeof(*t) + size);
	memcpy(t->text, text, size);
	t->number = HASH_COUNT(n->types);
	HASH_ADD_STR(n->types, text, t);
	return t;
}

static struct type *call_of(struct names *n, uint32_t stack)
{
	struct type **t = &n->by_call[stack];
	char *call, *function, *text;

	if (!*t) {
		call = allocator_name(n->m, n->symbols, stack);
		function = place_function(block_types_place(n->c_types, stack));
		text = xasprintf("%s in %s", call, function);
		*t = intern(n, text);
		free(text);
		free(function);
		free(call);
	}
	return *t;
}

const char *names_call(struct names *n, uint32_t stack)
{
	return call_of(n, stack)->text;
}

/* Of C++ without template arguments that the library adds, but with all others,
 * so that two types have two names. */
static char *short_text(const struct block_type *type)
{
	char *text = block_type_text(type);
	struct plain_name plain;

	if (!strchr(text, '<'))
		return text;
	plain_name_shorten(text, &plain);
	free(text);
	if (strstr(plain.shown, "...")) {
		free(plain.shown);
		return plain.full;
	}
	free(plain.full);
	return plain.shown;
}

/* The structure that pointers to it and arrays of it are of, if its name is only
 * the place of its declaration; else NULL. */
static const struct c_type *unnamed_in(const struct c_type *type)
{
	for (int i = 0; type && i < MOST_STEPS &&
			(type->kind == C_POINTER || type->kind == C_ARRAY);
	     i++)
		type = type->to;
	return type && type->unnamed ? type : NULL;
}

/* Two structures without a name may be declared at one line of files of one
 * name: "struct (lru.c:12)", then "struct (lru.c:12) (2)". */
static struct type *intern_type(struct names *n, const char *text,
				const struct c_type *type)
{
	const struct c_type *unnamed = unnamed_in(type);
	struct type *t = intern(n, text);
	unsigned nth = 1;

	while (unnamed && t->unnamed && !c_is_same(t->unnamed, unnamed)) {
		char *other = xasprintf("%s (%u)", text, ++nth);

		t = intern(n, other);
		free(other);
	}
	if (unnamed && !t->unnamed)
		t->unnamed = unnamed;
	return t;
}

/* NULL: it is not known. */
static struct type *type_named(struct names *n, const struct block_type *type)
{
	const struct c_key key = { type->word ? (const void *)type->word
					      : type->type,
				   type->array };
	char *text, *shown;
	struct c_name *c;

	if (!type->evidence)
		return NULL;
	HASH_FIND(hh, n->by_type, &key, sizeof(key), c);
	if (c)
		return c->named;
	text = short_text(type);
	shown = escape(text);
	c = xcalloc(1, sizeof(*c));
	c->key = key;
	c->named = intern_type(n, shown, type->word ? NULL : type->type);
	HASH_ADD(hh, n->by_type, key, sizeof(key), c);
	free(shown);
	free(text);
	return c->named;
}

const char *names_type_before(struct names *n, uint32_t stack)
{
	const struct location *l;
	char *function, *text;

	if (n->before[stack])
		return n->before[stack]->text;
	l = place_find_named(n->m, n->symbols, stack);
	function = l && l->function ? escape(l->function) : place_function(l);
	text = xasprintf(NAMES_BEFORE "%s", function);
	n->before[stack] = intern(n, text);
	free(text);
	free(function);
	return n->before[stack]->text;
}

const char *names_type(struct names *n, uint32_t stack)
{
	struct block_type type = block_types_of_stack(n->c_types, stack);
	struct type *t = type_named(n, &type);

	return (t ?: call_of(n, stack))->text;
}

static struct type *type_called(struct names *n, uint32_t number)
{
	const char *text = model_name(n->m, number);
	char *shown;

	if (n->by_name[number])
		return n->by_name[number];
	shown = escape(*text ? text : "(no type)");
	n->by_name[number] = intern(n, shown);
	free(shown);
	return n->by_name[number];
}

const char *names_type_called(struct names *n, uint32_t number)
{
	return type_called(n, number)->text;
}

uint32_t names_object_at(const struct names *n, uint32_t block)
{
	return n->contents.m ? block_objects_object(&n->contents, block) : 0;
}

bool names_has_objects(const struct names *n, uint32_t block)
{
	return n->contents.m && n->contents.count[block];
}

uint64_t names_part(const struct names *n, uint32_t object, uint64_t *start)
{
	return block_objects_part(&n->contents, object, start);
}

static struct type *type_of_block(struct names *n, uint32_t block)
{
	uint32_t object = names_object_at(n, block);
	struct block_type type;

	if (object)
		return type_called(n, n->m->objects[object].type);
	type = block_types_of(n->c_types, block);
	return type_named(n, &type) ?: call_of(n, n->m->blocks[block].stack);
}

const char *names_block_type(struct names *n, uint32_t block)
{
	return type_of_block(n, block)->text;
}

char *names_of(struct names *n, uint32_t object)
{
	const struct rkn_object *o = &n->m->objects[object];

	return xasprintf("%s#%" PRIu32, type_called(n, o->type)->text,
			 o->serial);
}

void names_announce(struct names *n, const uint32_t *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct type *t;

		if (names_object_at(n, blocks[i]))
			continue;
		t = type_of_block(n, blocks[i]);
		*LIST_ADD(n->queries, n->count) =
		    (struct query){ .block = blocks[i], .type = t->number };
	}
	n->numbered = false;
}

/* By type, then birth, then address. */
static int compare(const struct query *a, const struct query *b,
		   const struct model *m)
{
	return ORDER(a->type, b->type) ?:
	       ORDER(m->blocks[a->block].birth, m->blocks[b->block].birth) ?:
	       ORDER(a->block, b->block);
}

static int compare_queries(const void *a, const void *b, void *m)
{
	return compare(a, b, m);
}

/* The first query that is not before `probe`; n->count if all are. */
static size_t find(const struct names *n, const struct query *probe)
{
	return LOWER_BOUND(n->count, i,
			   compare(&n->queries[i], probe, n->m) < 0);
}

/* Count for each query the blocks of its type up to it: each block is added
 * to the first query at or after it, then sums are made along each type. */
static void number_queries(struct names *n)
{
	struct model m = *n->m; /* qsort_r wants it writable */
	size_t kept = 0;

	qsort_r(n->queries, n->count, sizeof(*n->queries), compare_queries, &m);
	for (size_t i = 0; i < n->count; i++)
		if (!kept || n->queries[i].block != n->queries[kept - 1].block)
			n->queries[kept++] = n->queries[i];
	n->count = kept;
	for (size_t i = 0; i < n->count; i++)
		n->queries[i].number = 0;
	for (uint32_t b = 0; b < n->m->block_count; b++) {
		struct type *t = type_of_block(n, b);
		struct query probe = { .block = b, .type = t->number };
		size_t i = find(n, &probe);

		if (i < n->count && n->queries[i].type == probe.type)
			n->queries[i].number++;
	}
	for (size_t i = 1; i < n->count; i++)
		if (n->queries[i].type == n->queries[i - 1].type)
			n->queries[i].number += n->queries[i - 1].number;
	n->numbered = true;
}

char *names_object(struct names *n, uint32_t block)
{
	uint32_t object = names_object_at(n, block);
	struct type *t = type_of_block(n, block);
	struct query probe = { .block = block, .type = t->number };

	if (object)
		return names_of(n, object);
	if (!n->numbered)
		number_queries(n);
	return xasprintf("%s#%" PRIu64, t->text,
			 n->queries[find(n, &probe)].number);
}
