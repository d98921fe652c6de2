/* SPDX-License-Identifier: MIT */
#include "stack_hash.h"

#include "hash.h"
#include "route.h"
#include "value_set.h"
#include "walk.h"

struct stack_class {
	uint64_t hash;
	uint32_t stack;
	UT_hash_handle hh;
};

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = value_set_mix(hash + (unsigned char)*text);
	return value_set_mix(hash);
}

/* Compilers number the columns of a line from 1. */
static uint64_t add_location(uint64_t hash, const struct location *l,
			     bool columns)
{
	hash = add_text(hash, l->module);
	if (!l->function || !l->line)
		return value_set_mix(hash + l->offset);
	hash = add_text(hash, l->function);
	hash = add_text(hash, l->file);
	hash = value_set_mix(hash + l->line);
	/* Two calls of one inlined function have its line. */
	if (l->partial)
		hash = value_set_mix(hash + l->offset);
	return columns ? value_set_mix(hash + l->column) : hash;
}

static uint64_t hash_route(const struct model *m, struct symbols *s,
			   uint32_t stack, bool columns)
{
	uint64_t hash = m->stacks[stack].flags;
	const struct location *l;
	struct route r = { 0 };
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w)))
		route_add(&r, l);
	for (size_t i = 0; i < r.count; i++)
		hash = add_location(hash, r.list[i], columns);
	route_release(&r);
	return hash;
}

void stack_classes_open(struct stack_classes *c, const struct model *m,
			struct symbols *s)
{
	*c = (struct stack_classes){ .m = m,
				     .s = s,
				     .of = xcalloc(m->stack_count + 1,
						   sizeof(*c->of)) };
}

void stack_classes_close(struct stack_classes *c)
{
	HASH_FREE(c->table);
	free(c->of);
}

uint32_t stack_class(struct stack_classes *c, uint32_t stack)
{
	struct stack_class *found;
	uint64_t hash;

	if (c->of[stack])
		return c->of[stack] - 1;
	hash = hash_route(c->m, c->s, stack, true);
	HASH_FIND(hh, c->table, &hash, sizeof(hash), found);
	if (!found) {
		HASH_MAKE(c->table, hash, hash, found);
		found->stack = stack;
	}
	c->of[stack] = 1 + found->stack;
	return found->stack;
}

uint64_t stack_hash_lines(const struct model *m, struct symbols *s,
			  uint32_t stack)
{
	return hash_route(m, s, stack, false);
}
