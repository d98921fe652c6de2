/* SPDX-License-Identifier: MIT */
/*
 * Signatures, by which a finding is known again in another run or build:
 * FNV-1a over its kind and the functions on its stacks, for cycles of each
 * kind of pointer in them with its offsets, in an order that addresses have no
 * part in. Findings of one report that are alike even so, such as leaks from
 * two lines of one function, are numbered in the order of their code.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "distinct.h"
#include "findings.h"
#include "place.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

struct signer {
	const struct model *m;
	struct symbols *symbols;
	uint64_t *stacks; /* hash of each; 0: not made yet */
	bool *inside;     /* each block: a member of the cycle at work */
};

/* A finding without its own signature yet. */
struct unsigned_finding {
	uint64_t hash;
	struct finding *f;
};

/* The text's NUL is hashed too, so that "ab" "c" is not "a" "bc". */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	while (*text++);
	return hash;
}

static uint64_t hash_frames(const struct signer *s, uint32_t stack)
{
	uint64_t hash = FNV_OFFSET;
	uint32_t f = s->m->stacks[stack].frame;

	for (; f; f = s->m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(s->symbols, f, &l);

		for (size_t i = 0; i < n; i++) {
			char *function = place_function(&l[i]);

			hash = hash_text(hash, function);
			free(function);
		}
	}
	return hash;
}

static uint64_t hash_stack(const struct signer *s, uint32_t block)
{
	uint32_t stack = s->m->blocks[block].stack;

	if (!s->stacks[stack])
		s->stacks[stack] = hash_frames(s, stack);
	return s->stacks[stack];
}

/* The kinds of pointers from `block` to members, wherever blocks lie. */
static void collect_pointers(const struct signer *s, uint32_t block,
			     struct distinct *kinds)
{
	size_t first, n = model_edges_of(s->m, block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &s->m->edges[i];
		uint64_t places = (uint64_t)e->from_word << 32 | e->to_offset;

		if (!s->inside[e->to])
			continue;
		places = distinct_mix(hash_stack(s, e->to) + places);
		distinct_add(kinds,
			     distinct_mix(hash_stack(s, block) + places));
	}
}

static uint64_t hash_cycle(const struct signer *s, const struct finding *f)
{
	struct distinct kinds = { 0 };
	uint64_t hash = 0;

	for (size_t i = 0; i < f->member_count; i++)
		s->inside[f->members[i]] = true;
	for (size_t i = 0; i < f->member_count; i++)
		collect_pointers(s, f->members[i], &kinds);
	for (size_t i = 0; i < f->member_count; i++)
		s->inside[f->members[i]] = false;
	distinct_sort(&kinds);
	for (size_t i = 0; i < kinds.count; i++)
		hash = distinct_mix(hash ^ kinds.values[i]);
	distinct_release(&kinds);
	return hash;
}

static uint64_t hash_finding(const struct signer *s, const struct finding *f)
{
	uint64_t kind = hash_text(FNV_OFFSET, finding_kind_name(f->kind));

	return distinct_mix(kind ^ (f->kind == FINDING_CYCLE
					? hash_cycle(s, f)
					: hash_frames(s, f->stack)));
}

/* Of the code in its module, which is the same in every run. */
static uint64_t code_offset(const struct model *m, uint32_t frame)
{
	const struct rkn_frame *f = &m->frames[frame];

	return f->module < m->module_count
		   ? f->address - m->modules[f->module].base
		   : f->address;
}

static int compare_code(const struct model *m, uint32_t a, uint32_t b)
{
	a = m->stacks[a].frame;
	b = m->stacks[b].frame;
	for (; a && b; a = m->frames[a].parent, b = m->frames[b].parent) {
		uint64_t x = code_offset(m, a), y = code_offset(m, b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a != 0) - (b != 0);
}

/* By hash, then code, then the place in the report. */
static int compare(const void *a, const void *b, void *data)
{
	const struct unsigned_finding *x = a, *y = b;
	const struct signer *s = data;
	int order;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	order = compare_code(s->m, x->f->stack, y->f->stack);
	return order ? order : (x->f > y->f) - (x->f < y->f);
}

static void number(struct unsigned_finding *list, size_t count)
{
	uint64_t same = 0;

	for (size_t i = 0; i < count; i++) {
		bool again = i && list[i].hash == list[i - 1].hash;

		same = again ? same + 1 : 0;
		snprintf(list[i].f->signature, sizeof(list[i].f->signature),
			 "%016" PRIx64,
			 same ? distinct_mix(list[i].hash + same)
			      : list[i].hash);
	}
}

void findings_sign(struct findings *f, const struct model *m,
		   struct symbols *symbols)
{
	struct signer s = { .m = m, .symbols = symbols };
	struct unsigned_finding *list = xcalloc(f->count, sizeof(*list));

	s.stacks = xcalloc(m->stack_count, sizeof(*s.stacks));
	s.inside = xcalloc(m->block_count, sizeof(*s.inside));
	for (size_t i = 0; i < f->count; i++)
		list[i] =
		    (struct unsigned_finding){ hash_finding(&s, &f->list[i]),
					       &f->list[i] };
	qsort_r(list, f->count, sizeof(*list), compare, &s);
	number(list, f->count);
	free(list);
	free(s.stacks);
	free(s.inside);
}
