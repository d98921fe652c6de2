/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "text_stream.h"
#include "xmalloc.h"

#define MOST_STEPS 64 /* into types of types: a file may be damaged */

/* `last`: what stands behind an array without a length is its. */
static bool covers(const struct c_member *m, uint64_t offset, bool last)
{
	if (offset < m->offset)
		return false;
	if (offset - m->offset < c_member_size(m))
		return true;
	return last && m->type->kind == C_ARRAY && !m->type->size;
}

static bool leads(const struct c_member *m, uint64_t offset)
{
	return c_pointer_at(m->type, offset - m->offset);
}

/* The only member that has a pointer at byte `offset`; NULL: none, or several. */
static const struct c_member *alternative_at(const struct c_type *type,
					     uint64_t offset)
{
	const struct c_member *found = NULL;
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count; i++) {
		if (!covers(&m[i], offset, true) || !leads(&m[i], offset))
			continue;
		if (found)
			return NULL;
		found = &m[i];
	}
	return found;
}

/*
 * The member of a structure that byte `offset` is in; NULL: it is in none. An
 * empty base class has the place of the first member: a base is it only where
 * nothing else is, or by its pointer.
 */
static const struct c_member *member_at(const struct c_type *type,
					uint64_t offset)
{
	const struct c_member *found = NULL;
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count; i++) {
		if (!covers(&m[i], offset, i + 1 == count))
			continue;
		if (!m[i].base || leads(&m[i], offset))
			return &m[i];
		if (!found)
			found = &m[i];
	}
	return found;
}

static bool is_indexed(const struct c_type *type, uint64_t offset)
{
	return type->kind == C_ARRAY && type->to->size &&
	       (!type->size || offset < type->size) && type->to->kind != C_BYTE;
}

/* What a path is to lead to. */
struct goal {
	bool whole; /* what begins there, or as far as `type` is in it; else
		       the innermost field */
	const struct c_type *type; /* NULL: not known */
};

static const struct goal innermost;

static bool is_reached(const struct goal *g, const struct c_type *type)
{
	return g->whole && (!g->type || !c_begins_with(type, g->type) ||
			    c_is_same(type, g->type));
}

/* Where a walk into a type is. */
struct walk {
	const struct c_type *type;
	uint64_t offset;          /* in it, bytes */
	enum counted_hold within; /* of the first reference that it went into */
};

enum step {
	STEP_INDEX,  /* into element `index` of an array, */
	STEP_MEMBER, /* or into a member */
	STEP_END,    /* there are no parts */
	STEP_GAP,    /* nothing is there */
};

static enum step step(struct walk *w, const struct c_member **m,
		      uint64_t *index)
{
	const struct c_type *type = w->type;

	if (is_indexed(type, w->offset)) {
		*index = w->offset / type->to->size;
		w->offset %= type->to->size;
		w->type = type->to;
		return STEP_INDEX;
	}
	if (type->kind != C_STRUCT && type->kind != C_UNION)
		return STEP_END;
	if (!w->within)
		w->within = counted_hold(type);
	*m = type->kind == C_STRUCT ? member_at(type, w->offset)
				    : alternative_at(type, w->offset);
	if (!*m)
		return type->kind == C_UNION ? STEP_END : STEP_GAP;
	w->offset -= (*m)->offset;
	w->type = (*m)->type;
	return STEP_MEMBER;
}

/* Writes the path to byte `offset`; false: nothing is there. A counted reference
 * is one field, whichever of its pointers is meant. */
static bool write_path(FILE *out, const struct c_type *type, uint64_t offset,
		       const struct goal *goal)
{
	struct walk w = { .type = type, .offset = offset };
	bool begun = false;

	for (int steps = 0; steps < MOST_STEPS; steps++) {
		const struct c_member *m;
		uint64_t index;
		enum step s;

		if (!w.offset && is_reached(goal, w.type))
			return true;
		s = step(&w, &m, &index);
		if (s == STEP_GAP)
			return false;
		if (w.within)
			return true;
		if (s == STEP_END)
			break;
		if (s == STEP_INDEX)
			fprintf(out, "[%" PRIu64 "]", index);
		else if (m->name && !m->base)
			fprintf(out, "%s%s", begun ? "." : "", m->name);
		begun |= s == STEP_INDEX || (m->name && !m->base);
	}
	if (w.offset)
		fprintf(out, "+0x%" PRIx64, w.offset);
	return true;
}

/* What the pointer at byte `offset` does. */
static enum counted_hold hold_at(const struct c_type *type, uint64_t offset)
{
	struct walk w = { .type = type, .offset = offset };

	for (int steps = 0; steps < MOST_STEPS && !w.within; steps++) {
		const struct c_member *m;
		uint64_t index;

		if (step(&w, &m, &index) > STEP_MEMBER)
			break;
	}
	return w.within;
}

/* "" for a type that has no parts; NULL: nothing is there. */
static char *field_text(const struct c_type *type, uint64_t offset,
			const struct goal *goal)
{
	char *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);
	bool there = write_path(out, type, offset, goal);

	text_stream_close(out);
	if (there)
		return text;
	free(text);
	return NULL;
}

/* Whether a field's name is to follow a dot. */
static bool has_dot(const char *field)
{
	return *field && *field != '[' && *field != '+';
}

static char *field_of(struct block_types *t, uint32_t block, uint64_t offset,
		      const struct goal *goal)
{
	const struct block_type type = block_types_of(t, block);
	char *inner, *text;
	uint64_t size;

	if (!type.type || offset < type.offset)
		return NULL;
	offset -= type.offset;
	if (!type.array)
		return field_text(type.type, offset, goal);
	size = type.type->size;
	inner = field_text(type.type, offset % size, goal);
	if (!inner)
		return NULL;
	text = xasprintf("[%" PRIu64 "]%s%s", offset / size,
			 has_dot(inner) ? "." : "", inner);
	free(inner);
	return text;
}

enum counted_hold field_hold(struct block_types *t, uint32_t block,
			     uint64_t offset)
{
	const struct block_type type = block_types_of(t, block);

	if (!type.type || offset < type.offset)
		return COUNTED_OTHER;
	offset -= type.offset;
	if (type.array)
		offset %= type.type->size;
	return hold_at(type.type, offset);
}

char *field_of_block(struct block_types *t, uint32_t block, uint64_t offset)
{
	return field_of(t, block, offset, &innermost);
}

char *field_of_target(struct block_types *t, const struct model *m,
		      const struct rkn_edge *e)
{
	const struct c_type *pointer =
	    block_types_pointer(t, e->from, model_edge_from(m, e));
	const struct goal goal = { true, pointer ? pointer->to : NULL };

	return field_of(t, e->to, model_edge_to(m, e), &goal);
}

/* Frees `field`. */
static char *mark_of(char *field, uint64_t offset, uint64_t start)
{
	char *shown, *text;

	if (!field || !*field) {
		free(field);
		return xasprintf("+0x%" PRIx64, offset - start);
	}
	shown = escape(field);
	text = xasprintf("%s%s", has_dot(shown) ? "." : "", shown);
	free(shown);
	free(field);
	return text;
}

char *field_mark(struct block_types *t, uint32_t block, uint64_t offset,
		 uint64_t start)
{
	return mark_of(field_of_block(t, block, offset), offset, start);
}

char *field_target_mark(struct block_types *t, const struct model *m,
			const struct rkn_edge *e, uint64_t start)
{
	return mark_of(field_of_target(t, m, e), model_edge_to(m, e), start);
}

char *field_of_variable(const struct c_type *type, uint64_t offset)
{
	char *field = field_text(type, offset, &innermost), *text;

	if (!field)
		return xstrdup("");
	text = xasprintf("%s%s", has_dot(field) ? "." : "", field);
	free(field);
	return text;
}

enum counted_hold field_hold_of_root(struct block_types *t,
				     const struct rkn_root *root)
{
	const struct root_place p = block_types_root(t, root);

	return p.type ? hold_at(p.type, p.offset) : COUNTED_OTHER;
}
