/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <inttypes.h>
#include <string.h>

#include "escape.h"
#include "fnv.h"
#include "hash.h"
#include "list.h"
#include "lives.h"
#include "peak.h"
#include "place.h"
#include "walk.h"

#define KIND(kind, ...) [PROFILE_##kind] = { __VA_ARGS__ },
const struct profile_kind profile_kinds[PROFILE_VALUES] = { PROFILE_KINDS(
    KIND) };

#define UNKNOWN "[call stack not known]"
#define OUTER   "[outer frames not recorded]"

/* A location or a text of one, and its frame. */
struct known_frame {
	uint64_t key;
	uint32_t frame;
	UT_hash_handle hh;
};

struct maker {
	struct profile *p;
	const struct reading *in;
	struct known_frame *by_place; /* pointers to locations */
	struct known_frame *by_text;  /* hashes of what is shown of them */
	struct known_frame *by_path;  /* hashes of stacks' frames */
};

static bool find(struct known_frame *table, uint64_t key, uint32_t *frame)
{
	struct known_frame *k;

	HASH_FIND(hh, table, &key, sizeof(key), k);
	if (k)
		*frame = k->frame;
	return k;
}

static uint32_t add_frame(struct profile *p, char *name)
{
	*LIST_ADD(p->frames, p->frame_count) =
	    (struct profile_frame){ .name = name, .mapping = RKN_NONE };
	return (uint32_t)p->frame_count - 1;
}

/* A path, escaped, that lives as long as the profile; NULL of NULL. */
static const char *keep_path(struct profile *p, const char *path)
{
	char *shown;
	uint32_t number;

	if (!path)
		return NULL;
	shown = escape(path);
	number = texts_number(&p->paths, shown);
	free(shown);
	return p->paths.list[number];
}

static bool is_of(const struct model *m, uint32_t module, const char *path)
{
	return module < m->module_count &&
	       !strcmp(model_text(m, m->modules[module].path), path);
}

/* The module of a location, which most often is that of the frame. */
static uint32_t mapping_of(const struct model *m, uint32_t frame,
			   const char *path)
{
	uint32_t module = m->frames[frame].module;

	if (!path || is_of(m, module, path))
		return path ? module : RKN_NONE;
	module = 0;
	while (module < m->module_count && !is_of(m, module, path))
		module++;
	return module < m->module_count ? module : RKN_NONE;
}

static void fill(struct maker *k, struct profile_frame *f, const char *file,
		 const struct location *l, uint32_t frame)
{
	const struct model *m = k->in->m;

	f->file = keep_path(k->p, file);
	f->line = l->line;
	f->module = keep_path(k->p, l->module);
	f->mapping = mapping_of(m, frame, l->module);
	f->address = f->mapping == RKN_NONE
			 ? m->frames[frame].address
			 : m->modules[f->mapping].base + l->offset;
	f->library = l->library;
}

/* The frame that a location is, as far as people see it. `frame`: the model's. */
static uint32_t shown_frame(struct maker *k, const struct location *l,
			    uint32_t frame)
{
	char *name = place_function(l), *file = place_path(l);
	uint64_t hash = fnv_text(FNV_OFFSET, name);
	struct known_frame *new;
	uint32_t found;

	hash = fnv_text(hash, file ? file : "");
	hash = fnv_text(hash, l->module ? l->module : "");
	hash = fnv_bytes(hash, (const char *)&l->line, sizeof(l->line));
	if (find(k->by_text, hash, &found)) {
		free(name);
		free(file);
		return found;
	}
	found = add_frame(k->p, name);
	fill(k, &k->p->frames[found], file, l, frame);
	HASH_MAKE(k->by_text, key, hash, new);
	new->frame = found;
	free(file);
	return found;
}

static uint32_t place_frame(struct maker *k, const struct location *l,
			    uint32_t frame)
{
	uint64_t key = (uintptr_t)l;
	struct known_frame *new;
	uint32_t found;

	if (find(k->by_place, key, &found))
		return found;
	found = shown_frame(k, l, frame);
	HASH_MAKE(k->by_place, key, key, new);
	new->frame = found;
	return found;
}

static uint32_t text_frame(struct maker *k, const char *text)
{
	uint64_t hash = fnv_text(FNV_OFFSET, text);
	struct known_frame *new;
	uint32_t frame;

	if (find(k->by_text, hash, &frame))
		return frame;
	frame = add_frame(k->p, xstrdup(text));
	HASH_MAKE(k->by_text, key, hash, new);
	new->frame = frame;
	return frame;
}

static void add_step(struct profile *p, uint32_t frame)
{
	*LIST_ADD(p->path, p->path_count) = frame;
}

/* The stack of the profile that `number` of the model is. */
static struct profile_stack *stack_of(struct maker *k, uint32_t number)
{
	const struct rkn_stack *s = &k->in->m->stacks[number];
	struct profile *p = k->p;
	const struct location *l;
	size_t first = p->path_count;
	struct known_frame *new;
	uint32_t found;
	uint64_t hash;
	struct walk w;

	if (p->of[number] != RKN_NONE)
		return &p->stacks[p->of[number]];
	walk_begin(&w, k->in->m, k->in->symbols, number);
	while ((l = walk_next(&w)))
		add_step(p, place_frame(k, l, w.frame));
	if (p->path_count == first)
		add_step(p, text_frame(k, UNKNOWN));
	else if (s->flags & (RKN_STACK_TRUNCATED | RKN_STACK_DEEPER))
		add_step(p, text_frame(k, OUTER));
	hash = fnv_bytes(FNV_OFFSET, (const char *)(p->path + first),
			 (p->path_count - first) * sizeof(*p->path));
	if (find(k->by_path, hash, &found)) {
		p->path_count = first;
	} else {
		*LIST_ADD(p->stacks, p->stack_count) =
		    (struct profile_stack){ .first = first,
					    .count = p->path_count - first };
		found = (uint32_t)p->stack_count - 1;
		HASH_MAKE(k->by_path, key, hash, new);
		new->frame = found;
	}
	p->of[number] = found;
	return &p->stacks[found];
}

/* As reports count what is lost, if nothing else is asked for. */
bool profile_is_leaked(const struct findings *f, size_t block)
{
	enum finding_kind kind;

	if (!f->owner[block])
		return false;
	kind = f->list[f->owner[block] - 1].kind;
	return kind == FINDING_CYCLE || kind == FINDING_REFERENCE ||
	       kind == FINDING_LEAK;
}

static void add_blocks(struct maker *k, const struct findings *f)
{
	const struct model *m = k->in->m;

	for (size_t b = 0; b < m->block_count; b++) {
		const struct rkn_block *block = &m->blocks[b];
		struct profile_stack *s = stack_of(k, block->stack);

		s->value[PROFILE_LIVE_BYTES] += block->size;
		s->value[PROFILE_LIVE_BLOCKS]++;
		if (!f || !profile_is_leaked(f, b))
			continue;
		s->value[PROFILE_LEAKED_BYTES] += block->size;
		s->value[PROFILE_LEAKED_BLOCKS]++;
	}
}

#define BITS(value) (3u << (value))

void profile_make(struct profile *p, const struct reading *in,
		  const struct findings *f)
{
	const struct model *m = in->m;
	struct maker k = { .p = p, .in = in };

	*p = (struct profile){ 0 };
	p->of = xcalloc(m->stack_count, sizeof(*p->of));
	memset(p->of, 0xff, m->stack_count * sizeof(*p->of));
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct lives_sum temporary = lives_temporary(m, i);
		struct profile_stack *s;

		if (!m->stacks[i].allocations)
			continue;
		s = stack_of(&k, i);
		s->value[PROFILE_ALLOCATED_BYTES] +=
		    m->stacks[i].allocated_bytes;
		s->value[PROFILE_ALLOCATIONS] += m->stacks[i].allocations;
		s->value[PROFILE_PEAK_BYTES] += m->stacks[i].peak_bytes;
		s->value[PROFILE_PEAK_BLOCKS] += m->stacks[i].peak_blocks;
		s->value[PROFILE_TEMPORARY_BYTES] += temporary.bytes;
		s->value[PROFILE_TEMPORARY_BLOCKS] += temporary.blocks;
	}
	/* Of a recording that was cut in them: those that there are. */
	if (model_knows(m, RKN_CHUNK_STACKS) || p->stack_count)
		p->known |= BITS(PROFILE_ALLOCATED_BYTES);
	if (!peak_why_unknown(m))
		p->known |= BITS(PROFILE_PEAK_BYTES);
	if (!lives_why_unknown(m))
		p->known |= BITS(PROFILE_TEMPORARY_BYTES);
	if (!m->blocks_cut) {
		add_blocks(&k, f && f->checked ? f : NULL);
		p->known |= BITS(PROFILE_LIVE_BYTES);
		if (f && f->checked)
			p->known |= BITS(PROFILE_LEAKED_BYTES);
	}
	HASH_FREE(k.by_place);
	HASH_FREE(k.by_text);
	HASH_FREE(k.by_path);
}

void profile_release(struct profile *p)
{
	for (size_t i = 0; i < p->frame_count; i++)
		free(p->frames[i].name);
	texts_release(&p->paths);
	free(p->frames);
	free(p->path);
	free(p->stacks);
	free(p->of);
}

char *profile_frame_text(const struct profile_frame *f)
{
	const char *path = f->file ? f->file : f->module;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (f->file && f->line)
		return xasprintf("0x%" PRIX64 ": %s (%s:%u)", f->address,
				 f->name, slash ? slash + 1 : path, f->line);
	if (f->module)
		return xasprintf("0x%" PRIX64 ": %s (in %s)", f->address,
				 f->name, f->module);
	return xasprintf("0x%" PRIX64 ": %s", f->address, f->name);
}

uint64_t profile_sum(const struct profile *p, enum profile_value value)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->stack_count; i++)
		sum += p->stacks[i].value[value];
	return sum;
}

/* A node by its parent and frame. */
struct known_node {
	uint64_t step;
	uint32_t node;
	UT_hash_handle hh;
};

/* A node's parent has a smaller index. */
static void link_nodes(struct profile_tree *t)
{
	t->child = xcalloc(t->count, sizeof(*t->child));
	t->next = xcalloc(t->count, sizeof(*t->next));
	for (uint32_t i = (uint32_t)t->count; i-- > 1;) {
		uint32_t parent = t->nodes[i].parent;

		t->next[i] = t->child[parent];
		t->child[parent] = i;
	}
}

static void make_tree(struct profile_tree *t, const struct profile *p,
		      bool inverted)
{
	struct known_node *table = NULL, *k;

	*t = (struct profile_tree){ .of = xcalloc(p->stack_count,
						  sizeof(*t->of)) };
	*LIST_ADD(t->nodes, t->count) =
	    (struct profile_node){ .frame = RKN_NONE };
	for (size_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];
		uint32_t node = 0;

		for (size_t d = 0; d < s->count; d++) {
			size_t at = inverted ? d : s->count - 1 - d;
			uint32_t frame = p->path[s->first + at];
			uint64_t step = (uint64_t)node << 32 | frame;

			HASH_FIND(hh, table, &step, sizeof(step), k);
			if (!k) {
				HASH_MAKE(table, step, step, k);
				k->node = (uint32_t)t->count;
				*LIST_ADD(t->nodes, t->count) =
				    (struct profile_node){ .frame = frame,
							   .parent = node };
			}
			node = k->node;
		}
		for (unsigned v = 0; v < PROFILE_VALUES; v++)
			t->nodes[node].value[v] += s->value[v];
		t->of[i] = node;
	}
	HASH_FREE(table);
	link_nodes(t);
}

void profile_tree_make(struct profile_tree *t, const struct profile *p)
{
	make_tree(t, p, false);
}

void profile_tree_make_inverted(struct profile_tree *t, const struct profile *p)
{
	make_tree(t, p, true);
}

void profile_tree_release(struct profile_tree *t)
{
	free(t->nodes);
	free(t->child);
	free(t->next);
	free(t->of);
}

void profile_tree_add_up(const struct profile_tree *t, uint64_t *sums)
{
	for (size_t i = t->count; i-- > 1;)
		sums[t->nodes[i].parent] += sums[i];
}

uint64_t *profile_tree_sums(const struct profile_tree *t,
			    enum profile_value value)
{
	uint64_t *sums = xcalloc(t->count, sizeof(*sums));

	for (size_t i = 0; i < t->count; i++)
		sums[i] = t->nodes[i].value[value];
	profile_tree_add_up(t, sums);
	return sums;
}

/* The first of `node` and those after it that has any; 0: none has. */
static uint32_t first_with(const struct profile_tree *t, const uint64_t *sums,
			   uint32_t node)
{
	while (node && !sums[node])
		node = t->next[node];
	return node;
}

void profile_tree_walk(const struct profile_tree *t, const uint64_t *sums,
		       profile_tree_visit *visit, void *data)
{
	uint32_t at = 0, to;
	bool more = false;

	for (;;) {
		visit(at, true, more, data);
		more = false;
		to = first_with(t, sums, t->child[at]);
		while (!to) {
			visit(at, false, false, data);
			if (!at)
				return;
			to = first_with(t, sums, t->next[at]);
			more = to;
			at = t->nodes[at].parent;
		}
		at = to;
	}
}
