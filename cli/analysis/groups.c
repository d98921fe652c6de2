/* SPDX-License-Identifier: MIT */
#include "groups.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "groups_retained.h"
#include "groups_roots.h"
#include "hash.h"
#include "list.h"
#include "lives.h"
#include "obstacle.h"
#include "peak.h"
#include "progress.h"

const char *const group_by_names[GROUP_BYS] = { "type", "site", "function",
						"file", "size", "root" };
const char *const group_by_titles[GROUP_BYS] = { "TYPE", "SITE", "FUNCTION",
						 "FILE", "SIZE", "ROOT" };
const char *const group_sort_names[GROUP_SORTS] = { "bytes", "count",
						    "retained", "name" };

static struct group *find(struct groups *g, struct groups_entry **table,
			  char *key)
{
	size_t index = groups_find(g, table, key);

	return &g->list[index];
}

/* Live blocks and bytes of every stack. */
static struct group *sum_stacks(const struct reading *in,
				struct group_choice choice)
{
	const struct model *m = in->m;
	struct group *sums = xcalloc(m->stack_count + 1, sizeof(*sums));

	for (uint32_t i = 0; i < m->block_count; i++) {
		if (!groups_chose(in, choice, i))
			continue;
		sums[m->blocks[i].stack].live++;
		sums[m->blocks[i].stack].bytes += m->blocks[i].size;
	}
	return sums;
}

/* The live blocks of one type. */
struct typed {
	const char *type; /* as names.h has it: the key is the pointer */
	struct group sum;
	UT_hash_handle hh;
};

static struct typed *typed_of(struct typed **table, const char *type)
{
	struct typed *t;

	HASH_FIND_PTR(*table, &type, t);
	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	t->type = type;
	HASH_ADD_PTR(*table, type, t);
	return t;
}

/* Only blocks that have no objects, as all bytes of the others are theirs. */
static void group_typed(struct groups *g, struct groups_entry **table,
			const struct reading *in, struct group_choice choice)
{
	const struct model *m = in->m;
	struct typed *types = NULL;

	progress_begin("summing up", NULL, m->block_count);
	for (uint32_t i = 0; i < m->block_count; i++) {
		struct typed *t;

		progress_at(i);
		if (names_has_objects(in->names, i) ||
		    !groups_chose(in, choice, i))
			continue;
		t = typed_of(&types, names_block_type(in->names, i));
		t->sum.live++;
		t->sum.bytes += m->blocks[i].size;
		t->sum.evidence |= 1u << block_types_of(in->types, i).evidence;
	}
	progress_end();
	for (struct typed *t = types; t; t = t->hh.next) {
		struct group *group = find(g, table, xstrdup(t->type));

		group->live += t->sum.live;
		group->bytes += t->sum.bytes;
		group->evidence |= t->sum.evidence;
	}
	HASH_FREE(types);
}

/* The program's own types: it said how many there were. */
static void group_objects(struct groups *g, struct groups_entry **table,
			  const struct reading *in, struct group_choice choice)
{
	const struct model *m = in->m;

	for (uint32_t i = 1; i < m->name_count; i++) {
		struct group *group;

		if (!m->names[i].made || !g->history)
			continue;
		group =
		    find(g, table, xstrdup(names_type_called(in->names, i)));
		group->allocated += m->names[i].made;
		group->freed += m->names[i].ended;
	}
	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];
		uint64_t start, end;
		struct group *group;

		if (o->block == RKN_NONE || !groups_chose_object(in, choice, i))
			continue;
		group = find(g, table,
			     xstrdup(names_type_called(in->names, o->type)));
		group->live++;
		end = names_part(in->names, i, &start);
		group->bytes += end - start;
	}
}

/* Objects of a type that are not whole blocks count only by type. */
static void group_census(struct groups *g, const struct reading *in,
			 enum group_by by, const struct rkn_mark *mark)
{
	struct groups_entry *table = NULL;

	for (uint32_t i = mark->first; i < mark->first + mark->rows; i++) {
		const struct rkn_census *c = &in->m->census[i];
		struct group *group;
		char *key;

		if (c->type == RKN_NONE)
			key = groups_key(in, by, c->stack);
		else if (by == GROUP_BY_TYPE)
			key = xstrdup(names_type_called(in->names, c->type));
		else
			key = xasprintf("(objects of type %s)",
					names_type_called(in->names, c->type));
		group = find(g, &table, key);
		group->live += c->live;
		group->bytes += c->bytes;
	}
	groups_release_table(&table);
}

/* The program's own types have no peak: all are blocks of stacks. */
static void group_peak(struct groups *g, const struct reading *in,
		       enum group_by by)
{
	struct groups_entry *table = NULL;

	for (uint32_t i = 0; i < in->m->stack_count; i++) {
		const struct rkn_stack *s = &in->m->stacks[i];
		struct group *group;

		if (!s->peak_blocks)
			continue;
		group = find(g, &table, groups_key(in, by, i));
		group->live += s->peak_blocks;
		group->bytes += s->peak_bytes;
	}
	groups_release_table(&table);
}

/* Sizes that are alike are one after another: sizes[] has each once, then. */
static size_t group_sizes(struct groups *g, uint64_t *sizes, size_t count)
{
	struct group *group = NULL;

	qsort(sizes, count, sizeof(*sizes), list_ascending_64);
	for (size_t i = 0; i < count; i++) {
		if (!group || sizes[i] != sizes[g->count - 1]) {
			sizes[g->count] = sizes[i];
			group = LIST_ADD(g->list, g->count);
			*group =
			    (struct group){ .key = xasprintf("%" PRIu64 " B",
							     sizes[i]) };
		}
		group->live++;
		group->bytes += sizes[i];
	}
	return g->count;
}

static void groups_by_size(struct groups *g, const struct reading *in,
			   struct group_choice choice)
{
	const struct model *m = in->m;
	uint64_t *sizes = xcalloc(m->block_count + 1, sizeof(*sizes));
	uint32_t *of_block;
	size_t count = 0;

	for (uint32_t i = 0; i < m->block_count; i++)
		if (groups_chose(in, choice, i))
			sizes[count++] = m->blocks[i].size;
	count = group_sizes(g, sizes, count);
	if (choice.retained) {
		of_block = xcalloc(m->block_count + 1, sizeof(*of_block));
		for (uint32_t b = 0; b < m->block_count; b++)
			of_block[b] =
			    groups_chose(in, choice, b)
				? (uint32_t)LOWER_BOUND(
				      count, i, sizes[i] < m->blocks[b].size)
				: RKN_NONE;
		groups_retain_blocks(g, in, of_block);
		free(of_block);
	}
	free(sizes);
}

static void groups_by_stack(struct groups *g, const struct reading *in,
			    enum group_by by, struct group_choice choice)
{
	const struct model *m = in->m;
	struct group *sums =
	    by == GROUP_BY_TYPE ? NULL : sum_stacks(in, choice);
	uint32_t *of_stack = xcalloc(m->stack_count + 1, sizeof(*of_stack));
	uint32_t *of_block;
	struct groups_entry *table = NULL;

	progress_begin("reading symbols", NULL, m->stack_count);
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct rkn_stack *stack = &m->stacks[i];
		const struct lives_sum temporary = lives_temporary(m, i);
		struct group *group;

		progress_at(i);
		of_stack[i] = RKN_NONE;
		if (!(sums && sums[i].live) &&
		    !(g->history && stack->allocations))
			continue;
		group = find(g, &table, groups_key(in, by, i));
		of_stack[i] = (uint32_t)(group - g->list);
		group->live += sums ? sums[i].live : 0;
		group->bytes += sums ? sums[i].bytes : 0;
		group->allocated += stack->allocations;
		group->freed += stack->frees;
		group->peak_blocks += stack->peak_blocks;
		group->peak_bytes += stack->peak_bytes;
		group->temporary_blocks += temporary.blocks;
		group->temporary_bytes += temporary.bytes;
	}
	progress_end();
	if (by == GROUP_BY_TYPE) {
		group_typed(g, &table, in, choice);
		group_objects(g, &table, in, choice);
	}
	if (choice.retained && by == GROUP_BY_TYPE) {
		groups_retain_types(g, in, choice, &table);
	} else if (choice.retained) {
		of_block = xcalloc(m->block_count + 1, sizeof(*of_block));
		for (uint32_t b = 0; b < m->block_count; b++)
			of_block[b] = groups_chose(in, choice, b)
					  ? of_stack[m->blocks[b].stack]
					  : RKN_NONE;
		groups_retain_blocks(g, in, of_block);
		free(of_block);
	}
	groups_release_table(&table);
	free(of_stack);
	free(sums);
}

void groups_make(struct groups *g, const struct reading *in, enum group_by by,
		 enum group_extent extent, struct group_choice choice)
{
	char why[OBSTACLE_SIZE];

	*g = (struct groups){ 0 };
	if (choice.mark) {
		group_census(g, in, by, choice.mark);
		return;
	}
	if (choice.peak) {
		group_peak(g, in, by);
		return;
	}
	if (obstacle_find(in->m, why, sizeof(why)))
		choice.retained = false;
	if (by == GROUP_BY_SIZE) {
		groups_by_size(g, in, choice);
	} else if (by == GROUP_BY_ROOT) {
		groups_add_roots(g, in, choice);
	} else {
		g->history = extent != GROUP_LIVE;
		g->peak = g->history && !peak_why_unknown(in->m);
		g->lives = g->history && !lives_why_unknown(in->m);
		groups_by_stack(g, in, by, choice);
	}
	if (extent != GROUP_ALL) {
		size_t kept = 0;

		for (size_t i = 0; i < g->count; i++)
			if (g->list[i].live)
				g->list[kept++] = g->list[i];
			else
				free(g->list[i].key);
		g->count = kept;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	/* "48 B" before "112 B", and no locale. */
	return strverscmp(x->key, y->key);
}

static int by_bytes(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	return ORDER(y->bytes, x->bytes) ?: by_name(a, b);
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	return ORDER(y->live, x->live) ?: by_bytes(a, b);
}

static int by_retained(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	return ORDER(y->retained_bytes, x->retained_bytes) ?: by_bytes(a, b);
}

void groups_sort(struct groups *g, enum group_sort sort)
{
	static int (*const orders[])(const void *, const void *) = {
		[GROUP_SORT_BYTES] = by_bytes,
		[GROUP_SORT_COUNT] = by_count,
		[GROUP_SORT_RETAINED] = by_retained,
		[GROUP_SORT_NAME] = by_name,
	};

	if (g->count)
		qsort(g->list, g->count, sizeof(*g->list), orders[sort]);
}

struct group groups_sum(const struct groups *g, size_t from, const char *key)
{
	struct group sum = { .key = xstrdup(key) };

	for (size_t i = from; i < g->count; i++) {
		sum.live += g->list[i].live;
		sum.bytes += g->list[i].bytes;
		sum.allocated += g->list[i].allocated;
		sum.freed += g->list[i].freed;
		sum.peak_blocks += g->list[i].peak_blocks;
		sum.peak_bytes += g->list[i].peak_bytes;
		sum.temporary_blocks += g->list[i].temporary_blocks;
		sum.temporary_bytes += g->list[i].temporary_bytes;
	}
	return sum;
}

void groups_release(struct groups *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->list[i].key);
	free(g->list);
	*g = (struct groups){ 0 };
}
