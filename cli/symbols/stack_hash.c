/* SPDX-License-Identifier: MIT */
#include "stack_hash.h"

#include "route.h"
#include "value_set.h"
#include "walk.h"

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

uint64_t stack_hash(const struct model *m, struct symbols *s, uint32_t stack)
{
	return hash_route(m, s, stack, true);
}

uint64_t stack_hash_lines(const struct model *m, struct symbols *s,
			  uint32_t stack)
{
	return hash_route(m, s, stack, false);
}
