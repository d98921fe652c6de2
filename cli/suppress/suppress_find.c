/* SPDX-License-Identifier: MIT */
/*
 * Which suppression covers a finding. The first of each kind is worked out once
 * for a frame with all its callers, once for a stack, once for a type; a
 * finding's is the first of those of its blocks that its kind allows.
 */
#include "suppress_find.h"

#include <stdlib.h>
#include <string.h>

#include "allocation_call.h"
#include "die.h"
#include "list.h"
#include "suppress_match.h"
#include "walk.h"

/* The place of an entry in the list, counted from 1; or: */
#define NOT_ASKED 0u
#define NONE      UINT32_MAX /* greater than all places */

/* What findings are, to suppressions. */
enum finding_class {
	CLASS_LEAK,
	CLASS_CYCLE,
	CLASS_POSSIBLE,
	CLASS_LOST,      /* a leaked object with references too many */
	CLASS_REFERENCE, /* other findings about references */
	CLASSES
};

static const struct class_row {
	bool kinds[SUPPRESS_BLOCK]; /* that cover it */
	unsigned leaks;             /* of blocks that do */
} rows[CLASSES] = {
	[CLASS_LEAK] = { { [SUPPRESS_LEAK] = true }, SUPPRESS_DEFINITE },
	[CLASS_CYCLE] = { { [SUPPRESS_LEAK] = true, [SUPPRESS_CYCLE] = true },
			  SUPPRESS_DEFINITE | SUPPRESS_INDIRECT |
			      SUPPRESS_CYCLES },
	[CLASS_POSSIBLE] = { { [SUPPRESS_LEAK] = true }, SUPPRESS_POSSIBLE },
	[CLASS_LOST] = { { [SUPPRESS_LEAK] = true, [SUPPRESS_REF] = true },
			 SUPPRESS_DEFINITE | SUPPRESS_REFERENCES },
	[CLASS_REFERENCE] = { { [SUPPRESS_REF] = true }, SUPPRESS_REFERENCES },
};

/* What distinguishes one recording, read with one list, from another. */
struct identity {
	struct rkn_meta meta;
	const struct rkn_frame *frames;
	size_t frame_count, stack_count, block_count, name_count, entries;
};

struct suppress_memory {
	struct identity of;
	bool has[SUPPRESS_BLOCK + 1];      /* kinds in the list */
	uint32_t (*frames)[SUPPRESS_TYPE]; /* by kind, below SUPPRESS_TYPE */
	uint32_t (*stacks)[CLASSES];       /* blocks */
	uint32_t (*allocators)[SUPPRESS_TYPE]; /* of stacks, as frames */
	uint32_t *stack_types, *name_types;    /* SUPPRESS_TYPE */
	uint32_t *path;                        /* scratch: frames */
	const struct location **stack;         /* scratch */
};

/* One question. */
struct search {
	const struct suppressions *s;
	struct suppress_memory *memory;
	const struct reading *in;
};

void suppress_forget(struct suppressions *s)
{
	struct suppress_memory *memory = s->memory;

	if (!memory)
		return;
	free(memory->frames);
	free(memory->stacks);
	free(memory->allocators);
	free(memory->stack_types);
	free(memory->name_types);
	free(memory->path);
	free(memory->stack);
	free(memory);
	s->memory = NULL;
}

static void remember(struct suppressions *s, const struct model *m)
{
	struct suppress_memory *new;
	struct identity of;

	memset(&of, 0, sizeof(of)); /* the padding too */
	of.meta = m->meta;
	of.frames = m->frames;
	of.frame_count = m->frame_count;
	of.stack_count = m->stack_count;
	of.block_count = m->block_count;
	of.name_count = m->name_count;
	of.entries = s->count;
	if (s->memory && !memcmp(&s->memory->of, &of, sizeof(of)))
		return;
	suppress_forget(s);
	new = xcalloc(1, sizeof(*new));
	new->of = of;
	for (size_t i = 0; i < s->count; i++)
		new->has[s->list[i]->kind] |= !s->list[i]->expired;
	new->frames = xcalloc(m->frame_count, sizeof(*new->frames));
	new->stacks = xcalloc(m->stack_count, sizeof(*new->stacks));
	new->allocators = xcalloc(m->stack_count, sizeof(*new->allocators));
	new->stack_types = xcalloc(m->stack_count, sizeof(uint32_t));
	new->name_types = xcalloc(m->name_count, sizeof(uint32_t));
	s->memory = new;
}

static uint32_t first_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- Rules, frame by frame ---------------------------------------------------------- */

/* `best` is the callers' and becomes the frame's. */
static void look_at(const struct search *x, const struct location *l,
		    size_t count, uint32_t best[SUPPRESS_TYPE])
{
	for (uint32_t i = 0; i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];
		bool fits;

		if (one->kind >= SUPPRESS_TYPE || one->expired ||
		    best[one->kind] <= i + 1)
			continue;
		fits = suppress_template(one->pattern, l->module);
		for (size_t k = 0; k < count && !fits; k++)
			fits =
			    suppress_template(one->pattern, l[k].function) ||
			    (l[k].full != l[k].function &&
			     (suppress_template(one->pattern, l[k].full) ||
			      suppress_template(one->pattern, l[k].shown))) ||
			    suppress_template(one->pattern, l[k].file);
		if (fits)
			best[one->kind] = i + 1;
	}
}

/* The first of the rules for a frame and its callers. */
static const uint32_t *rules_of_frame(const struct search *x, uint32_t frame)
{
	static const uint32_t none[SUPPRESS_TYPE] = { NONE, NONE, NONE };
	struct suppress_memory *memory = x->memory;
	uint32_t(*known)[SUPPRESS_TYPE] = memory->frames;
	size_t n = 0;

	/* Those that were not looked at yet, from the outermost one on. */
	for (uint32_t at = frame; at && known[at][0] == NOT_ASKED;
	     at = x->in->m->frames[at].parent)
		*LIST_ADD(memory->path, n) = at;
	while (n-- > 0) {
		uint32_t at = memory->path[n];
		uint32_t parent = x->in->m->frames[at].parent;
		const struct location *l;
		size_t count = symbols_frame(x->in->symbols, at, &l);

		memcpy(known[at], parent ? known[parent] : none, sizeof(none));
		look_at(x, l, count, known[at]);
	}
	return frame ? known[frame] : none;
}

/* The function that is called for memory at the innermost location of a stack;
 * NULL: not known. */
static const char *called_by(const struct location *inner)
{
	return inner && inner->module
		   ? allocation_call(inner->module, inner->offset)
		   : NULL;
}

/* The first of the rules for the stack's allocation function. */
static const uint32_t *rules_of_allocator(const struct search *x,
					  uint32_t stack)
{
	uint32_t *known = x->memory->allocators[stack];
	const struct location *inner;
	const char *allocator;
	struct walk w;

	if (known[0] != NOT_ASKED)
		return known;
	walk_begin(&w, x->in->m, x->in->symbols, stack);
	inner = walk_next(&w);
	allocator = called_by(inner);
	for (unsigned kind = 0; kind < SUPPRESS_TYPE; kind++)
		known[kind] = NONE;
	for (uint32_t i = 0; inner && i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind < SUPPRESS_TYPE && !one->expired &&
		    known[one->kind] == NONE &&
		    suppress_allocator_fits(one->pattern, allocator, inner))
			known[one->kind] = i + 1;
	}
	return known;
}

static uint32_t rule_of_stack(const struct search *x, uint32_t stack,
			      enum finding_class c)
{
	const uint32_t *allocator;
	uint32_t rules[SUPPRESS_TYPE], first = NONE;
	const struct location *l;
	size_t count;

	if (!x->memory->has[SUPPRESS_LEAK] && !x->memory->has[SUPPRESS_CYCLE] &&
	    !x->memory->has[SUPPRESS_REF])
		return NONE;
	memcpy(rules, rules_of_frame(x, x->in->m->stacks[stack].frame),
	       sizeof(rules));
	count = symbols_innermost(x->in->symbols, stack, &l);
	if (count)
		look_at(x, l, count, rules);
	allocator = rules_of_allocator(x, stack);
	for (unsigned kind = 0; kind < SUPPRESS_TYPE; kind++)
		if (rows[c].kinds[kind])
			first = first_of(
			    first, first_of(rules[kind], allocator[kind]));
	return first;
}

/* --- Blocks, stack by stack ------------------------------------------------------------ */

/* The first block that covers a finding of each class. */
static void look_at_stack(const struct search *x, uint32_t stack,
			  uint32_t first[CLASSES])
{
	struct suppress_memory *memory = x->memory;
	const struct location *l;
	const char *allocator;
	size_t count = 0;
	struct walk w;

	walk_begin(&w, x->in->m, x->in->symbols, stack);
	while ((l = walk_next(&w)))
		*LIST_ADD(memory->stack, count) = l;
	allocator = called_by(count ? memory->stack[0] : NULL);
	for (unsigned c = 0; c < CLASSES; c++)
		first[c] = NONE;
	for (uint32_t i = 0; i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];
		bool wanted = false;

		for (unsigned c = 0; c < CLASSES; c++)
			wanted |=
			    first[c] == NONE && one->leaks & rows[c].leaks;
		if (one->kind != SUPPRESS_BLOCK || one->expired || !wanted ||
		    !suppress_block_fits(one, allocator, memory->stack, count))
			continue;
		for (unsigned c = 0; c < CLASSES; c++)
			if (first[c] == NONE && one->leaks & rows[c].leaks)
				first[c] = i + 1;
	}
}

/* --- Types ------------------------------------------------------------------------------- */

/* The first of the rules for a type, which may have another name, too (NULL: it
 * has not); *known has it from then on. */
static uint32_t type_called(const struct search *x, uint32_t *known,
			    const char *type, const char *other)
{
	for (uint32_t i = 0; i < x->s->count && *known == NOT_ASKED; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind == SUPPRESS_TYPE && !one->expired &&
		    (suppress_template(one->pattern, type) ||
		     suppress_template(one->pattern, other)))
			*known = i + 1;
	}
	if (*known == NOT_ASKED)
		*known = NONE;
	return *known;
}

static uint32_t type_named(const struct search *x, uint32_t name)
{
	return type_called(x, &x->memory->name_types[name],
			   names_type_called(x->in->names, name), NULL);
}

static uint32_t type_of_stack(const struct search *x, uint32_t stack)
{
	uint32_t *known = &x->memory->stack_types[stack];

	if (*known == NOT_ASKED)
		type_called(x, known, names_call(x->in->names, stack),
			    names_type_before(x->in->names, stack));
	return *known;
}

/* --- Findings ---------------------------------------------------------------------------- */

/* What no pointer leads to is a leak to other tools, whatever its count. */
static enum finding_class class_of(const struct finding *f)
{
	switch (f->kind) {
	case FINDING_LEAK:
		return CLASS_LEAK;
	case FINDING_CYCLE:
		return CLASS_CYCLE;
	case FINDING_POSSIBLE:
		return CLASS_POSSIBLE;
	case FINDING_REFERENCE:
	case FINDING_ZERO:
		return f->evidence & FINDING_BY_SCAN ? CLASS_LOST
						     : CLASS_REFERENCE;
	case FINDING_OVER:
	case FINDING_UNDER:
	case FINDING_RELEASED_AT_ZERO:
	case FINDING_ON_FREED:
	case FINDING_FREED_HELD:
	case FINDING_WRONG_HOLDER:
		return CLASS_REFERENCE;
	}
	return CLASS_REFERENCE;
}

static uint32_t entry_of_stack(const struct search *x, uint32_t stack,
			       enum finding_class c)
{
	uint32_t *blocks = x->memory->stacks[stack];
	uint32_t rule = rule_of_stack(x, stack, c);

	if (!x->memory->has[SUPPRESS_BLOCK])
		return rule;
	if (blocks[0] == NOT_ASKED)
		look_at_stack(x, stack, blocks);
	return first_of(rule, blocks[c]);
}

struct suppression *suppress_find(struct suppressions *s,
				  const struct finding *f,
				  const struct reading *in)
{
	const struct model *m = in->m;
	struct search x = { s, NULL, in };
	enum finding_class c = class_of(f);
	uint32_t entry, last = f->stack;
	bool types;

	if (!s->count)
		return NULL;
	remember(s, m);
	x.memory = s->memory;
	types = x.memory->has[SUPPRESS_TYPE];
	entry = entry_of_stack(&x, f->stack, c);
	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t stack = m->blocks[f->members[i]].stack;

		if (stack != last)
			entry = first_of(entry, entry_of_stack(&x, stack, c));
		last = stack;
	}
	for (size_t i = 0; i < f->member_count && types; i++) {
		uint32_t object = finding_object(f, in->names, i);
		uint32_t stack = m->blocks[f->members[i]].stack;

		entry = first_of(
		    entry, object ? type_named(&x, m->objects[object].type)
				  : type_of_stack(&x, stack));
	}
	if (types && f->error != RKN_NONE)
		entry =
		    first_of(entry, type_named(&x, m->errors[f->error].type));
	return entry == NONE ? NULL : s->list[entry - 1];
}
