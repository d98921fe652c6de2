/* SPDX-License-Identifier: MIT */
/*
 * Signatures, by which a finding is recognised in another run, in another build
 * or on another machine. FNV-1a over its kind, the types of the objects in
 * it, and the functions on its call stack; of a cycle, over each kind of
 * pointer in it, in an order independent of addresses.
 *
 * What is left out: lines, offsets and addresses, and what signature_frames.h
 * leaves out.
 * Findings that are alike then get .2, .3 after it in the order of their code.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "findings.h"
#include "fnv.h"
#include "list.h"
#include "progress.h"
#include "signature_frames.h"
#include "stack_hash.h"
#include "value_set.h"

#define HASH_DIGITS 16 /* hexadecimal */

struct signer {
	const struct reading *in;
	uint64_t *stacks; /* hash of each; 0: not made yet */
	bool *inside;     /* each block: a member of the cycle at work */
};

/* A finding without its own signature yet. */
struct unsigned_finding {
	uint64_t hash;
	uint64_t
	    detail; /* offsets in a cycle: for the order of what is alike */
	struct finding *f;
};

static uint64_t hash_frames(const struct signer *s, uint32_t stack)
{
	if (!s->stacks[stack])
		s->stacks[stack] =
		    signature_frames_hash(s->in->m, s->in->symbols, stack);
	return s->stacks[stack];
}

/* What a block is: of a type of the program's, or from a stack. */
static uint64_t hash_block(const struct signer *s, uint32_t block)
{
	if (names_object_at(s->in->names, block))
		return fnv_text(FNV_OFFSET,
				names_block_type(s->in->names, block));
	return hash_frames(s, s->in->m->blocks[block].stack);
}

static uint64_t hash_cycle(const struct signer *s, const struct finding *f,
			   bool offsets)
{
	struct value_set kinds = { 0 };
	uint64_t hash = 0;

	for (size_t i = 0; i < f->member_count; i++)
		s->inside[f->members[i]] = true;
	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t block = f->members[i];
		size_t first, n = model_edges_of(s->in->m, block, &first);

		for (size_t k = first; k < first + n; k++) {
			const struct rkn_edge *e = &s->in->m->edges[k];
			uint64_t to = hash_block(s, e->to);

			if (!s->inside[e->to])
				continue;
			if (offsets)
				to +=
				    (uint64_t)e->from_word << 32 | e->to_offset;
			value_set_add(&kinds,
				      value_set_mix(hash_block(s, block) +
						    value_set_mix(to)));
		}
	}
	for (size_t i = 0; i < f->member_count; i++)
		s->inside[f->members[i]] = false;
	/* Of objects that are parts of blocks, the types; there pointers are
	 * not known by their blocks. */
	for (size_t i = 0; f->member_objects && i < f->member_count; i++) {
		uint32_t o = f->member_objects[i];
		const char *type =
		    names_type_called(s->in->names, s->in->m->objects[o].type);

		if (names_object_at(s->in->names, f->members[i]) != o)
			value_set_add(&kinds, fnv_text(FNV_OFFSET, type));
	}
	value_set_sort(&kinds);
	for (size_t i = 0; i < kinds.count; i++)
		hash = value_set_mix(hash ^ kinds.values[i]);
	value_set_release(&kinds);
	return hash;
}

static struct unsigned_finding hash_finding(const struct signer *s,
					    struct finding *f)
{
	struct unsigned_finding u = { .f = f };
	uint64_t kind = fnv_text(FNV_OFFSET, finding_kinds[f->kind].name);

	if (f->kind == FINDING_CYCLE) {
		u.hash = hash_cycle(s, f, false);
		u.detail = hash_cycle(s, f, true);
	} else {
		/* Its stack, and what type it is of, if it is an object. */
		uint32_t o =
		    f->member_count ? finding_object(f, s->in->names, 0) : 0;

		u.hash = hash_frames(s, f->stack);
		if (o)
			u.hash = fnv_text(
			    u.hash,
			    names_type_called(s->in->names,
					      s->in->m->objects[o].type));
	}
	u.hash = value_set_mix(kind ^ u.hash);
	return u;
}

/* Of the code in its module, which is the same in every run. */
static uint64_t code_offset(const struct model *m, uint32_t frame)
{
	const struct rkn_frame *f = &m->frames[frame];

	return f->module < m->module_count
		   ? f->address - m->modules[f->module].base
		   : f->address;
}

static int compare_code(const struct signer *s, uint32_t a, uint32_t b)
{
	const struct model *m = s->in->m;

	a = m->stacks[a].frame;
	b = m->stacks[b].frame;
	for (; a && b; a = m->frames[a].parent, b = m->frames[b].parent) {
		uint64_t x = code_offset(m, a), y = code_offset(m, b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a != 0) - (b != 0);
}

/* By hash, then code, offsets, and the place in the report. */
static int compare(const void *a, const void *b, void *data)
{
	const struct unsigned_finding *x = a, *y = b;

	return ORDER(x->hash, y->hash) ?:
	       compare_code(data, x->f->stack, y->f->stack) ?:
	       ORDER(x->detail, y->detail) ?:
	       ORDER(x->f, y->f);
}

void findings_sign(struct findings *f, const struct reading *in)
{
	const struct model *m = in->m;
	struct signer s = { .in = in };
	struct unsigned_finding *list = xcalloc(f->count, sizeof(*list));
	unsigned alike = 1;

	s.stacks = xcalloc(m->stack_count, sizeof(*s.stacks));
	s.inside = xcalloc(m->block_count, sizeof(*s.inside));
	progress_begin("reading symbols", NULL, f->count);
	for (size_t i = 0; i < f->count; i++) {
		progress_at(i);
		list[i] = hash_finding(&s, &f->list[i]);
	}
	progress_end();
	qsort_r(list, f->count, sizeof(*list), compare, &s);
	for (size_t i = 0; i < f->count; i++) {
		struct finding *one = list[i].f;

		alike = i && list[i].hash == list[i - 1].hash ? alike + 1 : 1;
		snprintf(one->signature, sizeof(one->signature), "%016" PRIx64,
			 list[i].hash);
		if (alike > 1)
			snprintf(one->signature + HASH_DIGITS,
				 sizeof(one->signature) - HASH_DIGITS, ".%u",
				 alike);
		/* Those with one signature are neighbours in the order of their
		 * code, and so are those from one line. */
		if (alike > 1 && list[i - 1].f->stack != one->stack &&
		    stack_hash_lines(m, in->symbols, list[i - 1].f->stack) ==
			stack_hash_lines(m, in->symbols, one->stack))
			list[i - 1].f->twin = one->twin = true;
	}
	free(list);
	free(s.stacks);
	free(s.inside);
}
