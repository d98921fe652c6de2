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

/* What tells one recording, read with one list, from another. */
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
	size_t path_room;
	const struct location **stack; /* scratch */
	size_t stack_room;
};

/* One question. */
struct search {
	const struct suppressions *s;
	struct suppress_memory *memory;
	const struct model *m;
	struct names *names;
	struct symbols *symbols;
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

static struct identity identity_of(const struct suppressions *s,
				   const struct model *m)
{
	struct identity i;

	memset(&i, 0, sizeof(i)); /* the padding too */
	i.meta = m->meta;
	i.frames = m->frames;
	i.frame_count = m->frame_count;
	i.stack_count = m->stack_count;
	i.block_count = m->block_count;
	i.name_count = m->name_count;
	i.entries = s->count;
	return i;
}

static void remember(struct suppressions *s, const struct model *m)
{
	struct identity of = identity_of(s, m);
	struct suppress_memory *new;

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

static bool location_fits(const char *pattern, const struct location *l,
			  size_t count)
{
	if (suppress_template(pattern, l->module))
		return true;
	for (size_t i = 0; i < count; i++)
		if (suppress_template(pattern, l[i].function) ||
		    suppress_template(pattern, l[i].file))
			return true;
	return false;
}

/* `best` is the callers' and becomes the frame's. */
static void look_at(const struct search *x, const struct location *l,
		    size_t count, uint32_t best[SUPPRESS_TYPE])
{
	for (uint32_t i = 0; i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind >= SUPPRESS_TYPE || one->expired ||
		    best[one->kind] <= i + 1)
			continue;
		if (location_fits(one->pattern, l, count))
			best[one->kind] = i + 1;
	}
}

/* The callers of `frame`, itself first, that were not looked at yet; how
 * many. */
static size_t unknown_frames(const struct search *x, uint32_t frame)
{
	struct suppress_memory *memory = x->memory;
	size_t n = 0;

	for (; frame && memory->frames[frame][0] == NOT_ASKED;
	     frame = x->m->frames[frame].parent) {
		if (n == memory->path_room) {
			memory->path_room = 2 * n + 64;
			memory->path =
			    xreallocarray(memory->path, memory->path_room,
					  sizeof(*memory->path));
		}
		memory->path[n++] = frame;
	}
	return n;
}

static const uint32_t *rules_of_frame(const struct search *x, uint32_t frame)
{
	static const uint32_t none[SUPPRESS_TYPE] = { NONE, NONE, NONE };
	uint32_t(*known)[SUPPRESS_TYPE] = x->memory->frames;

	for (size_t n = unknown_frames(x, frame); n > 0; n--) {
		uint32_t at = x->memory->path[n - 1];
		uint32_t parent = x->m->frames[at].parent;

		const struct location *l;
		size_t count = symbols_frame(x->symbols, at, &l);

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

static const struct location *innermost(const struct search *x, uint32_t stack)
{
	struct walk w;

	walk_begin(&w, x->m, x->symbols, stack);
	return walk_next(&w);
}

static void look_at_allocator(const struct search *x, uint32_t stack,
			      uint32_t best[SUPPRESS_TYPE])
{
	const struct location *inner = innermost(x, stack);
	const char *allocator = called_by(inner);

	for (unsigned kind = 0; kind < SUPPRESS_TYPE; kind++)
		best[kind] = NONE;
	for (uint32_t i = 0; inner && i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind < SUPPRESS_TYPE && !one->expired &&
		    best[one->kind] == NONE &&
		    suppress_allocator_fits(one->pattern, allocator, inner))
			best[one->kind] = i + 1;
	}
}

static const uint32_t *rules_of_allocator(const struct search *x,
					  uint32_t stack)
{
	uint32_t *known = x->memory->allocators[stack];

	if (known[0] == NOT_ASKED)
		look_at_allocator(x, stack, known);
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
	memcpy(rules, rules_of_frame(x, x->m->stacks[stack].frame),
	       sizeof(rules));
	count = symbols_innermost(x->symbols, stack, &l);
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

static size_t list_stack(const struct search *x, uint32_t stack)
{
	struct suppress_memory *memory = x->memory;
	const struct location *l;
	size_t count = 0;
	struct walk w;

	walk_begin(&w, x->m, x->symbols, stack);
	while ((l = walk_next(&w))) {
		if (count == memory->stack_room) {
			memory->stack_room = 2 * count + 64;
			memory->stack =
			    xreallocarray(memory->stack, memory->stack_room,
					  sizeof(*memory->stack));
		}
		memory->stack[count++] = l;
	}
	return count;
}

static bool is_wanted(const struct suppression *one, const uint32_t *first)
{
	for (unsigned c = 0; c < CLASSES; c++)
		if (first[c] == NONE && one->leaks & rows[c].leaks)
			return true;
	return false;
}

/* The first block that covers a finding of each class. */
static void look_at_stack(const struct search *x, uint32_t stack,
			  uint32_t first[CLASSES])
{
	size_t count = list_stack(x, stack);
	const char *allocator = called_by(count ? x->memory->stack[0] : NULL);

	for (unsigned c = 0; c < CLASSES; c++)
		first[c] = NONE;
	for (uint32_t i = 0; i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind != SUPPRESS_BLOCK || one->expired ||
		    !is_wanted(one, first) ||
		    !suppress_block_fits(one, allocator, x->memory->stack,
					 count))
			continue;
		for (unsigned c = 0; c < CLASSES; c++)
			if (first[c] == NONE && one->leaks & rows[c].leaks)
				first[c] = i + 1;
	}
}

static uint32_t block_of_stack(const struct search *x, uint32_t stack,
			       enum finding_class c)
{
	uint32_t *first = x->memory->stacks[stack];

	if (!x->memory->has[SUPPRESS_BLOCK])
		return NONE;
	if (first[0] == NOT_ASKED)
		look_at_stack(x, stack, first);
	return first[c];
}

/* --- Types ------------------------------------------------------------------------------- */

static uint32_t look_at_type(const struct search *x, const char *type)
{
	for (uint32_t i = 0; i < x->s->count; i++) {
		const struct suppression *one = x->s->list[i];

		if (one->kind == SUPPRESS_TYPE && !one->expired &&
		    suppress_template(one->pattern, type))
			return i + 1;
	}
	return NONE;
}

static uint32_t type_called(const struct search *x, uint32_t name)
{
	uint32_t *known = &x->memory->name_types[name];

	if (*known == NOT_ASKED)
		*known = look_at_type(x, names_type_called(x->names, name));
	return *known;
}

static uint32_t type_of_member(const struct search *x, const struct finding *f,
			       size_t i)
{
	uint32_t object = finding_object(f, x->names, i);
	uint32_t stack = x->m->blocks[f->members[i]].stack;
	uint32_t *known = &x->memory->stack_types[stack];

	if (object)
		return type_called(x, x->m->objects[object].type);
	if (*known == NOT_ASKED)
		*known = look_at_type(x, names_type(x->names, stack));
	return *known;
}

static uint32_t type_of_finding(const struct search *x, const struct finding *f)
{
	uint32_t first = NONE;

	if (!x->memory->has[SUPPRESS_TYPE])
		return NONE;
	for (size_t i = 0; i < f->member_count; i++)
		first = first_of(first, type_of_member(x, f, i));
	if (f->error != RKN_NONE)
		first = first_of(first,
				 type_called(x, x->m->errors[f->error].type));
	return first;
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
	default:
		return CLASS_REFERENCE;
	}
}

static uint32_t entry_of_stack(const struct search *x, uint32_t stack,
			       enum finding_class c)
{
	return first_of(rule_of_stack(x, stack, c),
			block_of_stack(x, stack, c));
}

static uint32_t entry_of_finding(const struct search *x,
				 const struct finding *f)
{
	enum finding_class c = class_of(f);
	uint32_t first = entry_of_stack(x, f->stack, c), last = f->stack;

	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t stack = x->m->blocks[f->members[i]].stack;

		if (stack != last)
			first = first_of(first, entry_of_stack(x, stack, c));
		last = stack;
	}
	return first_of(first, type_of_finding(x, f));
}

struct suppression *suppress_find(struct suppressions *s,
				  const struct finding *f,
				  const struct model *m, struct names *names,
				  struct symbols *symbols)
{
	struct search x = { s, NULL, m, names, symbols };
	uint32_t entry;

	if (!s->count)
		return NULL;
	remember(s, m);
	x.memory = s->memory;
	entry = entry_of_finding(&x, f);
	return entry == NONE ? NULL : s->list[entry - 1];
}
