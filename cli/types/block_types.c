/* SPDX-License-Identifier: MIT */
#include "block_types.h"

#include <stdlib.h>

#include "hash.h"
#include "list.h"
#include "progress.h"

const char *const type_evidence_names[TYPE_EVIDENCES] = {
	[TYPE_SITE] = "site",
	[TYPE_FIELD] = "field",
	[TYPE_FIRST_WORD] = "first-word",
	[TYPE_ALLOC_TYPE] = "alloc-type",
	[TYPE_SOURCE] = "source",
};

/* Of a block whose size is a multiple of a structure's by chance. */
#define CERTAIN_ELEMENTS 16u

struct vote {
	const struct c_type *type; /* NULL: bytes */
	size_t count;
	size_t next; /* + 1: the next whose type may be the same; 0: none */
};

/* The first vote of a group for types that may be the same. */
struct vote_key {
	uint64_t key; /* see c_type_key() */
	size_t first, last;
	UT_hash_handle hh;
};

/* Bits of a pointer that may be a tag: those that alignment leaves free. */
#define MOST_TAG 8u

/* Blocks of one stack and size class. */
struct group {
	struct group_key {
		uint32_t stack, size_class;
	} key;
	struct block_type type;
	size_t first, count; /* of its blocks in block_types.blocks */
	struct vote *votes;
	size_t vote_count;
	struct vote_key *vote_keys;
	uint64_t size; /* of the first block */
	/* What the site says is somewhere in the block, NULL: nothing; and where
	 * pointers to such lead, bytes. */
	const struct c_type *inside;
	uint64_t inside_at;
	size_t inside_votes, inside_others;
	/* What the source of the call says, if all blocks have such a size. */
	struct sourced sourced;
	bool settled;
	UT_hash_handle hh;
};

struct of_stack { /* the type of a stack's blocks */
	struct block_type type;
	bool some;      /* it has blocks */
	bool differing; /* they have several types */
};

/* A field of a type, where a pointer with a tag was seen. */
struct field {
	struct field_key {
		const struct c_type *type;
		uint64_t at; /* bytes */
	} key;
	bool starts;  /* a pointer there leads to where a block begins */
	bool insides; /* or into one */
	UT_hash_handle hh;
};

struct block_types {
	const struct model *m;
	struct sites *sites;
	struct first_words *words;
	struct root_places *roots;
	bool found; /* false: what follows is not there yet */
	struct group *groups;
	struct group **group_of;   /* one a block */
	struct of_stack *by_stack; /* one a stack; NULL: not asked yet */
	uint32_t *blocks;          /* of one group after the other */
	struct group **changed;    /* with votes since the last round */
	size_t changed_count;
	struct field *fields; /* hash table */
	size_t contradictions, source_contradictions;
};

struct block_types *block_types_open(const struct model *m, struct symbols *s)
{
	struct block_types *t = xcalloc(1, sizeof(*t));

	t->m = m;
	t->sites = sites_open(m, s);
	t->words = first_words_open(m, s);
	t->roots = root_places_open(m, t->sites);
	return t;
}

void block_types_close(struct block_types *t)
{
	struct group *g, *next;

	HASH_ITER (hh, t->groups, g, next) {
		HASH_DEL(t->groups, g);
		free(g->votes);
		HASH_FREE(g->vote_keys);
		free(g);
	}
	HASH_FREE(t->fields);
	free(t->group_of);
	free(t->by_stack);
	free(t->blocks);
	root_places_close(t->roots);
	sites_close(t->sites); /* it has names of the words */
	first_words_close(t->words);
	free(t);
}

/* --- Groups ------------------------------------------------------------------- */

/* Exact up to 1 KiB, then by powers of two: strings have many sizes. */
static uint32_t size_class(uint64_t size)
{
	return size <= 1024 ? (uint32_t)size
			    : 2000u + 64u - (uint32_t)__builtin_clzll(size);
}

static struct group *group_of(struct block_types *t, const struct rkn_block *r)
{
	struct group_key key = { r->stack, size_class(r->size) };
	struct group *g;

	HASH_FIND(hh, t->groups, &key, sizeof(key), g);
	if (g)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->key = key;
	g->size = r->size;
	HASH_ADD(hh, t->groups, key, sizeof(key), g);
	return g;
}

/* What the source says of the group, against what is known of it. */
static void read_source(struct block_types *t, struct group *g,
			const struct site *site)
{
	for (size_t i = g->first; i < g->first + g->count; i++)
		if (!sourced_fits(&site->sourced,
				  t->m->blocks[t->blocks[i]].size))
			return;
	g->sourced = site->sourced;
	if (g->type.offset || !sourced_contradicts(&g->sourced, g->type.type))
		return;
	g->type = (struct block_type){ 0 };
	t->source_contradictions += g->count;
}

/* The class of a block that counts references, by its first word; NULL: it is
 * none, or there is no debug information. Fields have the type of its base. */
static const struct c_type *class_with_counts(struct block_types *t,
					      uint32_t block)
{
	const struct rkn_place *place = model_first_of(t->m, block);
	const struct first_word *w;
	const struct c_type *type;
	const char *value;
	size_t length;
	char *spelled;

	if (!place || !model_count_of(t->m, block))
		return NULL;
	w = first_words_of(t->words, block);
	if (!w || w->kind != FIRST_CLASS ||
	    !counted_class(w->name, &value, &length))
		return NULL;
	type = sites_class(t->sites, place->module, w->name);
	if (type)
		return type;
	spelled = counted_spelled(w->name);
	type = sites_class(t->sites, place->module, spelled);
	free(spelled);
	return type;
}

static void group_blocks(struct block_types *t)
{
	const struct model *m = t->m;
	size_t first = 0;

	t->group_of = xcalloc(m->block_count + 1, sizeof(*t->group_of));
	t->blocks = xcalloc(m->block_count + 1, sizeof(*t->blocks));
	for (uint32_t b = 0; b < m->block_count; b++) {
		struct group *g = group_of(t, &m->blocks[b]);

		t->group_of[b] = g;
		g->count++;
	}
	for (struct group *g = t->groups; g; g = g->hh.next) {
		g->first = first;
		first += g->count;
		g->count = 0;
	}
	for (uint32_t b = 0; b < m->block_count; b++) {
		struct group *g = t->group_of[b];

		t->blocks[g->first + g->count++] = b;
	}
	for (struct group *g = t->groups; g; g = g->hh.next) {
		const struct site *site = sites_of(t->sites, g->key.stack);
		const struct c_type *class;

		g->inside = site->inside;
		g->settled = site->type || site->bytes;
		if (g->settled)
			g->type = (struct block_type){
				.type = site->type,
				.offset = site->offset,
				.bytes = site->bytes,
				.evidence = site->allocated ? TYPE_ALLOC_TYPE
							    : TYPE_SITE,
			};
		read_source(t, g, site);
		class = class_with_counts(t, t->blocks[g->first]);
		if (!class || class == site->type)
			continue;
		g->settled = true;
		g->type = (struct block_type){ .type = class,
					       .evidence = TYPE_FIRST_WORD };
	}
}

/* --- Votes -------------------------------------------------------------------- */

/* NULL: bytes. */
static bool is_same(const struct c_type *a, const struct c_type *b)
{
	return a && b ? c_is_same(a, b) : a == b;
}

/* The vote of `g` for `type`, which may be new. */
static struct vote *vote_for(struct group *g, const struct c_type *type)
{
	uint64_t key = type ? c_type_key(type) : 0;
	struct vote_key *k;
	size_t i;

	HASH_FIND(hh, g->vote_keys, &key, sizeof(key), k);
	for (i = k ? k->first : 0; i; i = g->votes[i - 1].next)
		if (is_same(g->votes[i - 1].type, type))
			return &g->votes[i - 1];
	*LIST_ADD(g->votes, g->vote_count) = (struct vote){ .type = type };
	if (k) {
		g->votes[k->last - 1].next = g->vote_count;
	} else {
		HASH_MAKE(g->vote_keys, key, key, k);
		k->first = g->vote_count;
	}
	k->last = g->vote_count;
	return &g->votes[g->vote_count - 1];
}

static void vote(struct block_types *t, uint32_t block,
		 const struct c_type *pointer)
{
	struct group *g = t->group_of[block];
	const struct c_type *type = pointer->to;

	if (g->settled || type->kind == C_VOID || type->kind == C_FUNCTION ||
	    type->size > t->m->blocks[block].size)
		return;
	if (type->kind == C_BYTE)
		type = NULL;
	if (!g->vote_count)
		*LIST_ADD(t->changed, t->changed_count) = g;
	vote_for(g, type)->count++;
}

/* A pointer to byte `at` of a block that has a certain type somewhere. */
static void vote_inside(struct group *g, const struct c_type *pointer,
			uint64_t at)
{
	if (!g->inside || !c_begins_with(g->inside, pointer->to))
		return;
	if (!g->inside_votes++)
		g->inside_at = at;
	g->inside_others += g->inside_at != at;
}

/* The declared type of the pointer at byte `at` of a block of `size` bytes. */
static const struct c_type *pointer_at(const struct block_type *t,
				       uint64_t size, uint64_t at)
{
	const struct c_type *found;

	if (!t->type || at < t->offset)
		return NULL;
	at -= t->offset;
	found = c_pointer_at(t->type, at);
	if (!found && t->type->size && at >= t->type->size &&
	    (size - t->offset) % t->type->size == 0)
		found = c_pointer_at(t->type, at % t->type->size);
	return found;
}

/* Adds where the pointers of a block's field lead: a tag is none of them. */
static void look_at_field(const struct block_types *t, uint32_t block,
			  struct field *f)
{
	const struct group *g = t->group_of[block];
	size_t first, count = model_edges_of(t->m, block, &first);

	for (size_t i = first; i < first + count; i++) {
		const struct rkn_edge *e = &t->m->edges[i];
		uint64_t at = model_edge_to(t->m, e);

		if (model_edge_from(t->m, e) % g->type.type->size != f->key.at)
			continue;
		f->starts |= !at;
		f->insides |= at >= MOST_TAG;
	}
}

/* Whether other pointers in that field, of all blocks that have the type by now,
 * lead to where blocks begin, and none into them. */
static bool leads_to_starts(struct block_types *t, const struct c_type *type,
			    uint64_t at)
{
	struct field_key key = { type, at % type->size };
	const struct group *g;
	struct field *f;

	HASH_FIND(hh, t->fields, &key, sizeof(key), f);
	if (f)
		return f->starts && !f->insides;
	HASH_MAKE(t->fields, key, key, f);
	for (g = t->groups; g; g = g->hh.next)
		for (size_t i = 0; g->type.type == type && i < g->count; i++)
			look_at_field(t, t->blocks[g->first + i], f);
	return f->starts && !f->insides;
}

/* Whether a pointer `p` at byte `from` of such blocks, which leads to byte `at` of
 * a block, leads to its start: the low bits are a tag, for no such object could
 * stand there. */
static bool is_tagged(struct block_types *t, const struct block_type *type,
		      const struct c_type *p, uint64_t from, uint64_t at)
{
	return at < MOST_TAG && !type->offset && type->type->size &&
	       at < c_alignment(p->to) && leads_to_starts(t, type->type, from);
}

/* Votes of the pointers in a block whose type is known. */
static void spread(struct block_types *t, uint32_t block)
{
	const struct group *g = t->group_of[block];
	size_t first, count = model_edges_of(t->m, block, &first);

	for (size_t i = first; g->type.type && i < first + count; i++) {
		const struct rkn_edge *e = &t->m->edges[i];
		struct group *to = t->group_of[e->to];
		uint64_t at = model_edge_to(t->m, e);
		uint64_t from = model_edge_from(t->m, e);
		const struct c_type *p;

		if (at >= MOST_TAG && !to->inside)
			continue;
		p = pointer_at(&g->type, t->m->blocks[block].size, from);
		if (p && (!at || is_tagged(t, &g->type, p, from, at)))
			vote(t, e->to, p);
		else if (p && to->inside)
			vote_inside(to, p, at);
	}
}

/* Votes for `best`, or for what it begins with: a list's last element may point
 * at the list, whose first member is a pointer to the first. */
static size_t votes_for(const struct group *g, const struct c_type *best)
{
	size_t all = 0;

	for (size_t i = 0; i < g->vote_count; i++)
		if (g->votes[i].type && c_begins_with(best, g->votes[i].type))
			all += g->votes[i].count;
	return all;
}

/* Of the votes for types, which are `all`, the best; NULL: there are none. */
static const struct vote *best_vote(const struct group *g, size_t all,
				    size_t *best_count)
{
	const struct vote *best = NULL;

	*best_count = 0;
	for (size_t i = 0; i < g->vote_count; i++) {
		const struct vote *v = &g->votes[i];
		size_t count;

		/* A single pointer may be stale. */
		if (!v->type || v->count * 100 < all)
			continue;
		count = votes_for(g, v->type);
		if (best && (count < *best_count ||
			     (count == *best_count &&
			      v->type->size <= best->type->size)))
			continue;
		best = v;
		*best_count = count;
	}
	return best;
}

static void settle(struct block_types *t, struct group *g)
{
	const struct vote *best;
	size_t all = 0, count;

	for (size_t i = 0; i < g->vote_count; i++)
		if (g->votes[i].type) /* bytes say less */
			all += g->votes[i].count;
	if (!g->vote_count)
		return;
	best = best_vote(g, all, &count);
	g->settled = true;
	if (best && count * 100 < all * 99) {
		t->contradictions += g->count;
		return;
	}
	if (best && sourced_contradicts(&g->sourced, best->type)) {
		t->source_contradictions += g->count;
		return;
	}
	g->type = (struct block_type){ .type = best ? best->type : NULL,
				       .evidence = TYPE_FIELD,
				       .bytes = !best };
}

/* What is to be found somewhere in blocks is where pointers agree that it is. */
static void settle_inside(struct block_types *t)
{
	for (struct group *g = t->groups; g; g = g->hh.next) {
		if (g->type.type || !g->inside_votes || g->inside_others)
			continue;
		g->type = (struct block_type){ .type = g->inside,
					       .offset = g->inside_at,
					       .evidence = TYPE_SITE };
		g->settled = true;
		*LIST_ADD(t->changed, t->changed_count) = g;
	}
}

/* Where nothing else says it, the source does. */
static void settle_sources(struct block_types *t)
{
	for (struct group *g = t->groups; g; g = g->hh.next) {
		if (g->settled || !g->sourced.type)
			continue;
		g->type = (struct block_type){ .type = g->sourced.type,
					       .evidence = TYPE_SOURCE };
		g->settled = true;
		*LIST_ADD(t->changed, t->changed_count) = g;
	}
}

static void spread_rounds(struct block_types *t)
{
	while (t->changed_count) {
		struct group **round = t->changed;
		size_t count = t->changed_count;

		t->changed = NULL;
		t->changed_count = 0;
		for (size_t i = 0; i < count; i++)
			if (!round[i]->settled)
				settle(t, round[i]);
		for (size_t i = 0; i < count; i++) {
			progress_add(round[i]->count);
			for (size_t k = 0; k < round[i]->count; k++)
				spread(t, t->blocks[round[i]->first + k]);
		}
		free(round);
	}
}

/* Whether a root may vote. A variable of a function's that was not set yet has
 * what an earlier call left there. */
static bool may_vote(const struct root_place *place, bool locals)
{
	return place->type &&
	       (place->kind == ROOT_PLACE_LOCAL ? locals && place->local->set
						: !locals);
}

/* Votes of variables of functions that had not returned (`locals`), or of all
 * others. */
static void spread_roots(struct block_types *t, bool locals)
{
	const struct model *m = t->m;

	for (size_t i = 0; i < m->root_count; i++) {
		const struct rkn_root *r = &m->roots[i];
		const struct c_type *p;
		struct root_place place;

		if (model_root_to(m, r) != 0 || t->group_of[r->block]->settled)
			continue;
		place = root_places_of(t->roots, r);
		p = may_vote(&place, locals)
			? c_pointer_at(place.type, place.offset)
			: NULL;
		if (p)
			vote(t, r->block, p);
	}
}

/*
 * Breadth first, so that what is near a variable is settled first. Variables of
 * functions come last: what was cast to any type is in them for a while.
 */
static void spread_all(struct block_types *t)
{
	const struct model *m = t->m;

	spread_roots(t, false);
	for (uint32_t b = 0; b < m->block_count; b++) {
		progress_at(b);
		spread(t, b);
	}
	spread_rounds(t);
	settle_inside(t);
	spread_rounds(t);
	spread_roots(t, true);
	spread_rounds(t);
	settle_sources(t);
	spread_rounds(t);
}

/* A person asks for the object, not for the counts before it. */
static struct block_type behind_counts(struct block_type type)
{
	const char *value = NULL;
	struct counted c;
	size_t length;

	if (type.word && type.word->kind == FIRST_CLASS) {
		type.counted = counted_class(type.word->name, &value, &length);
		type.inside = value;
	}
	if (!type.type || type.offset || type.array)
		return type;
	c = counted_of(type.type);
	type.counted = c.kind;
	type.inside = c.value;
	if (!c.value)
		return type;
	type.type = c.value;
	type.offset = c.at;
	return type;
}

/* --- Arrays ------------------------------------------------------------------- */

/* What blocks of one stack and type say about what stands behind the first. */
struct behind {
	struct behind_key {
		const struct c_type *type;
		uint64_t stack;
	} key;
	uint64_t size; /* of one of them */
	bool larger;   /* than the type is one of them */
	bool uneven;   /* one is no multiple of the type's size */
	bool strided;  /* pointers stand where those of a second element do */
	bool odd;      /* ... and where none do */
	UT_hash_handle hh;
};

/* Whether a pointer to a `to` may lead to such a block. */
static bool fits(const struct c_type *to, const struct block_type *block)
{
	if (!c_is_telling(to) || !block->evidence)
		return true;
	return block->type && (c_begins_with(block->type, to) ||
			       c_begins_with(to, block->type));
}

static void look_at_strides(struct block_types *t,
			    const struct block_type *type, uint32_t block,
			    struct behind *w)
{
	size_t first, count = model_edges_of(t->m, block, &first);

	for (size_t i = first; i < first + count; i++) {
		uint64_t at = model_edge_from(t->m, &t->m->edges[i]);
		struct block_type to, behind;
		const struct c_type *p;

		if (at < type->offset + type->type->size)
			continue;
		at = (at - type->offset) % type->type->size;
		p = c_pointer_at(type->type, at);
		to = t->group_of[t->m->edges[i].to]->type;
		/* A std::shared_ptr points at the object behind the counts. */
		behind = behind_counts(to);
		if (behind.inside &&
		    model_edge_to(t->m, &t->m->edges[i]) == behind.offset)
			to = behind;
		if (!p || !fits(p->to, &to))
			w->odd = true;
		else
			w->strided = true;
	}
}

static void look_behind(struct block_types *t, const struct group *g,
			struct behind *w)
{
	const struct block_type *type = &g->type;

	for (size_t i = g->first; i < g->first + g->count; i++) {
		uint64_t size = t->m->blocks[t->blocks[i]].size;

		w->size = size;
		w->larger |= size > type->offset + type->type->size;
		w->uneven |= size < type->offset ||
			     (size - type->offset) % type->type->size;
		look_at_strides(t, type, t->blocks[i], w);
	}
}

static bool is_plain(const struct c_type *type)
{
	return type->kind != C_STRUCT && type->kind != C_UNION;
}

/*
 * A block that is larger than its type is an array of it, or has something else
 * behind: structures are not said to be an array unless their pointers show it,
 * or there are many.
 */
static bool is_array(const struct behind *w)
{
	if (!w->larger || w->uneven)
		return false;
	if (is_plain(w->key.type))
		return true;
	return !w->odd &&
	       (w->strided || w->size / w->key.type->size >= CERTAIN_ELEMENTS);
}

/* NULL: the group's blocks are no array, whatever others are. */
static struct behind *behind_of(struct behind **all, const struct group *g)
{
	const struct behind_key key = { g->type.type, g->key.stack };
	struct behind *w;

	if (!key.type || !key.type->size || c_is_open(key.type))
		return NULL;
	HASH_FIND(hh, *all, &key, sizeof(key), w);
	if (!w)
		HASH_MAKE(*all, key, key, w);
	return w;
}

/* Whether the source says that there are several, or that there may be and the
 * type is plain. */
static bool is_counted(const struct group *g)
{
	const struct c_type *type = g->type.type;

	return g->size % type->size == 0 &&
	       (is_plain(type) ||
		(g->sourced.room == SOURCE_MANY && g->size > type->size));
}

static void find_arrays(struct block_types *t)
{
	struct behind *all = NULL, *w;

	for (struct group *g = t->groups; g; g = g->hh.next) {
		w = behind_of(&all, g);
		if (w && g->type.evidence != TYPE_SOURCE)
			look_behind(t, g, w);
	}
	for (struct group *g = t->groups; g; g = g->hh.next) {
		const struct block_type *type = &g->type;

		w = behind_of(&all, g);
		if (type->evidence == TYPE_SOURCE)
			g->type.array = w && is_counted(g);
		else if (w)
			g->type.array =
			    is_array(w) &&
			    (g->size > type->type->size + type->offset ||
			     is_plain(type->type));
	}
	HASH_FREE(all);
}

static void find_all(struct block_types *t)
{
	if (t->found)
		return;
	t->found = true;
	/* Most blocks are looked at twice. */
	progress_begin("looking for types of blocks", NULL,
		       2 * t->m->block_count);
	group_blocks(t);
	spread_all(t);
	find_arrays(t);
	progress_end();
}

/* --- Questions ---------------------------------------------------------------- */

const struct site *block_types_site(struct block_types *t, uint32_t stack)
{
	return sites_of(t->sites, stack);
}

const struct location *block_types_place(struct block_types *t, uint32_t stack)
{
	return sites_of(t->sites, stack)->at;
}

const struct source_file *block_types_source(struct block_types *t,
					     uint32_t frame,
					     const struct location *at)
{
	return sites_source(t->sites, frame, at);
}

struct root_place block_types_root(struct block_types *t,
				   const struct rkn_root *root)
{
	return root_places_of(t->roots, root);
}

/*
 * A class is what the object was made as, where a variable may have its base's
 * type.  But a structure may begin with a member of that class.
 */
static bool is_replaced(const struct block_type *type,
			const struct first_word *w)
{
	bool class = w->kind == FIRST_CLASS || w->kind == FIRST_PYTHON;

	if (!class)
		return !type->evidence;
	if (!type->type || type->offset)
		return true;
	return !c_begins_with_named(type->type, w->name) &&
	       !(type->type->name &&
		 counted_is_same_class(w->name, type->type->name));
}

/* What the class's module says that its fields are; NULL: nothing, or what does
 * not fit. */
static const struct c_type *class_of(struct block_types *t,
				     const struct first_word *w, uint32_t block)
{
	const struct c_type *type =
	    w->kind == FIRST_CLASS ? sites_class(t->sites, w->module, w->name)
				   : NULL;

	return type && type->kind == C_STRUCT && type->size &&
		       type->size <= t->m->blocks[block].size
		   ? type
		   : NULL;
}

struct block_type block_types_of(struct block_types *t, uint32_t block)
{
	const struct first_word *w = first_words_of(t->words, block);
	struct block_type type;

	find_all(t);
	type = t->group_of[block]->type;
	if (w && is_replaced(&type, w))
		type = (struct block_type){ .type = class_of(t, w, block),
					    .evidence = TYPE_FIRST_WORD,
					    .word = w };
	return behind_counts(type);
}

bool block_types_counts(struct block_types *t, uint32_t block,
			struct block_counts *c)
{
	const struct rkn_count *r = model_count_of(t->m, block);
	enum counted_kind kind =
	    r ? block_types_of(t, block).counted : COUNTED_NOTHING;

	if (!kind)
		return false;
	*c = (struct block_counts){
		.kind = kind,
		.strong = r->strong,
		.weak = r->strong ? r->weak - 1u : r->weak,
		.more_strong = r->strong == RKN_COUNT_MOST,
		.more_weak = r->weak == RKN_COUNT_MOST,
	};
	return true;
}

const struct c_type *block_types_pointer(struct block_types *t, uint32_t block,
					 uint64_t at)
{
	const struct block_type type = block_types_of(t, block);

	return pointer_at(&type, t->m->blocks[block].size, at);
}

static bool is_equal(const struct block_type *a, const struct block_type *b)
{
	return a->type == b->type && a->bytes == b->bytes &&
	       a->array == b->array && a->word == b->word;
}

static void index_stacks(struct block_types *t)
{
	t->by_stack = xcalloc(t->m->stack_count + 1, sizeof(*t->by_stack));
	for (uint32_t b = 0; b < t->m->block_count; b++) {
		struct of_stack *s = &t->by_stack[t->m->blocks[b].stack];
		const struct block_type type = block_types_of(t, b);

		s->differing |= s->some && !is_equal(&s->type, &type);
		if (!s->some)
			s->type = type;
		s->some = true;
	}
}

struct block_type block_types_of_stack(struct block_types *t, uint32_t stack)
{
	const struct rkn_stack *r = &t->m->stacks[stack];
	const struct site *site;
	struct block_type type = { 0 };

	find_all(t);
	if (!t->by_stack)
		index_stacks(t);
	if (t->by_stack[stack].differing)
		return type;
	if (t->by_stack[stack].some)
		return t->by_stack[stack].type;
	site = sites_of(t->sites, stack);
	type.type = site->type;
	type.offset = site->offset;
	type.bytes = site->bytes;
	type.evidence = site->allocated             ? TYPE_ALLOC_TYPE
			: site->type || site->bytes ? TYPE_SITE
						    : TYPE_NOTHING;
	type.array = site->type && site->type->size && is_plain(site->type) &&
		     r->allocations &&
		     r->allocated_bytes / r->allocations > site->type->size;
	return behind_counts(type);
}

size_t block_types_contradictions(struct block_types *t)
{
	find_all(t);
	return t->contradictions;
}

size_t block_types_source_contradictions(struct block_types *t)
{
	find_all(t);
	return t->source_contradictions;
}

struct block_types_sum block_types_sum(struct block_types *t)
{
	struct block_types_sum sum = { 0 };

	for (uint32_t b = 0; b < t->m->block_count; b++) {
		const struct block_type type = block_types_of(t, b);

		sum.by[type.evidence]++;
		sum.bytes += type.bytes;
	}
	return sum;
}

char *block_type_text(const struct block_type *t)
{
	const char *value;
	size_t length;

	if (t->word && t->word->kind == FIRST_TABLE)
		return xasprintf("object with %s", t->word->name);
	if (t->word && t->inside) {
		counted_class(t->word->name, &value, &length);
		return xstrndup(value, length);
	}
	if (t->word)
		return xstrdup(t->word->name);
	if (t->bytes)
		return xstrdup("char[]");
	if (!t->type)
		return NULL;
	return t->array ? c_type_array_text(t->type, 0) : c_type_text(t->type);
}

char *block_type_of_size(const struct block_type *t, uint64_t size)
{
	if (!t->array)
		return block_type_text(t);
	return c_type_array_text(t->type, (size - t->offset) / t->type->size);
}
