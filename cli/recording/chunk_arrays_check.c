/* SPDX-License-Identifier: MIT */
/* What a record may contain, one function for each type; bounds first. */
#include <stddef.h>
#include <string.h>

#include "chunk_arrays.h"

#define RECORD(p, type, i, member)                                             \
	(((const struct rkn_##member *)(p)->of[type].records)[i])

static bool outside(const struct chunk_arrays *p, enum rkn_chunk_type type,
		    uint32_t index)
{
	return index >= p->of[type].count;
}

static void mend_text(const struct chunk_arrays *p, uint32_t *offset)
{
	if (*offset >= p->of[RKN_CHUNK_STRINGS].count)
		*offset = 0;
}

void chunk_arrays_mend_meta(struct chunk_arrays *p)
{
	const struct chunk_array *strings = &p->of[RKN_CHUNK_STRINGS];
	struct rkn_meta *m = p->of[RKN_CHUNK_META].records;
	const char *text = strings->records;
	uint32_t n = 0;

	mend_text(p, &m->program);
	mend_text(p, &m->directory);
	mend_text(p, &m->message);
	mend_text(p, &m->suppressions);
	mend_text(p, &m->script);
	for (size_t i = m->arguments;
	     i < strings->count && n < m->argument_count; i++)
		n += !text[i];
	m->argument_count = n;
	mend_text(p, &m->arguments);
	if (m->end > RKN_END_SIGNAL)
		m->end = RKN_END_UNKNOWN;
}

static const char *check_meta(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_meta *m = &RECORD(p, RKN_CHUNK_META, i, meta);
	struct rkn_meta mended = *m;
	struct chunk_arrays copy = *p;

	if (i)
		return "there are two of them";
	copy.of[RKN_CHUNK_META].records = &mended;
	chunk_arrays_mend_meta(&copy);
	if (memcmp(m, &mended, sizeof(mended)) != 0)
		return "a text or the kind of its end is unknown";
	return NULL;
}

static const char *check_module(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_module *m = &RECORD(p, RKN_CHUNK_MODULES, i, module);

	if (m->end < m->start)
		return "it ends before it starts";
	if (outside(p, RKN_CHUNK_STRINGS, m->path))
		return "its path is beyond the strings";
	if (m->build_id_size > sizeof(m->build_id))
		return "its build-id is too long";
	return NULL;
}

static const char *check_frame(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_frame *f = &RECORD(p, RKN_CHUNK_FRAMES, i, frame);

	if (!i) /* the root has neither */
		return f->parent ? "the root has a parent" : NULL;
	if (f->parent >= i)
		return "its parent does not come before it";
	if (f->module != RKN_NONE && outside(p, RKN_CHUNK_MODULES, f->module))
		return "its module is unknown";
	return NULL;
}

static const char *check_stack(const struct chunk_arrays *p, size_t i)
{
	if (outside(p, RKN_CHUNK_FRAMES,
		    RECORD(p, RKN_CHUNK_STACKS, i, stack).frame))
		return "its frame is unknown";
	return NULL;
}

static const char *check_limit(const struct chunk_arrays *p, size_t i)
{
	if (RECORD(p, RKN_CHUNK_LIMITS, i, limit).number >= RKN_LIMITS)
		return "its number is unknown to this version of refknot";
	return NULL;
}

static const char *check_block(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_block *b = &RECORD(p, RKN_CHUNK_BLOCKS, i, block);

	if (b->size > UINT64_MAX - b->address)
		return "it ends beyond the address space";
	if (i && b[-1].address >= b->address)
		return "its address is not above that of the block before it";
	if (i && b[-1].address + b[-1].size > b->address)
		return "it overlaps the block before it";
	if (outside(p, RKN_CHUNK_STACKS, b->stack))
		return "its stack is unknown";
	if (outside(p, RKN_CHUNK_THREADS, b->thread))
		return "its thread is unknown";
	return NULL;
}

static const char *check_edge(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_edge *e = &RECORD(p, RKN_CHUNK_EDGES, i, edge);

	if (outside(p, RKN_CHUNK_BLOCKS, e->from))
		return "the block that it starts in is unknown";
	if (outside(p, RKN_CHUNK_BLOCKS, e->to))
		return "the block that it points to is unknown";
	if (i && (e[-1].from > e->from ||
		  (e[-1].from == e->from && e[-1].from_word >= e->from_word &&
		   e->from_word != RKN_SEE_WIDE)))
		return "it is out of order";
	return NULL;
}

static const char *check_root(const struct chunk_arrays *p, size_t i)
{
	static const enum rkn_chunk_type owners[] = {
		[RKN_ROOT_DATA] = RKN_CHUNK_MODULES,
		[RKN_ROOT_STACK] = RKN_CHUNK_THREADS,
		[RKN_ROOT_REGISTER] = RKN_CHUNK_THREADS,
		[RKN_ROOT_TLS] = RKN_CHUNK_THREADS,
		[RKN_ROOT_GONE] = 0,
	};
	const struct rkn_root *r = &RECORD(p, RKN_CHUNK_ROOTS, i, root);

	if (r->kind > RKN_ROOT_GONE)
		return "its kind is unknown";
	if (i && r[-1].kind == RKN_ROOT_GONE && r->kind != RKN_ROOT_GONE)
		return "it is out of order";
	if (outside(p, RKN_CHUNK_BLOCKS, r->block))
		return "the block that it points to is unknown";
	if (owners[r->kind] && r->owner != RKN_NONE &&
	    outside(p, owners[r->kind], r->owner))
		return "its owner is unknown";
	return NULL;
}

static const char *check_name(const struct chunk_arrays *p, size_t i)
{
	if (outside(p, RKN_CHUNK_STRINGS,
		    RECORD(p, RKN_CHUNK_NAMES, i, name).text))
		return "its text is beyond the strings";
	return NULL;
}

static bool misses(const struct chunk_arrays *p, uint32_t stack,
		   uint32_t thread, uint32_t name)
{
	return outside(p, RKN_CHUNK_STACKS, stack) ||
	       outside(p, RKN_CHUNK_THREADS, thread) ||
	       outside(p, RKN_CHUNK_NAMES, name);
}

static const char *check_object(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_object *o = &RECORD(p, RKN_CHUNK_OBJECTS, i, object);
	const struct rkn_block *b = p->of[RKN_CHUNK_BLOCKS].records;

	if (misses(p, o->stack, o->thread, o->type) ||
	    outside(p, RKN_CHUNK_STACKS, o->ended_stack))
		return "its stack, thread or type is unknown";
	if (o->generation > 3)
		return "its generation is unknown";
	if (!(o->flags & RKN_OBJECT_ENDED) != (o->block != RKN_NONE))
		return "it is alive without a block, or ended with one";
	if (o->block == RKN_NONE)
		return NULL;
	if (outside(p, RKN_CHUNK_BLOCKS, o->block))
		return "its block is unknown";
	b += o->block;
	if (o->address < b->address || o->address - b->address > b->size)
		return "it is outside its block";
	if (i > 1 && (o[-1].block == RKN_NONE || o[-1].address > o->address))
		return "it is out of order";
	return NULL;
}

static const char *check_reference(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_reference *r =
	    &RECORD(p, RKN_CHUNK_REFERENCES, i, reference);

	if (!r->to || outside(p, RKN_CHUNK_OBJECTS, r->to) ||
	    (r->from && outside(p, RKN_CHUNK_OBJECTS, r->from)))
		return "an object of it is unknown";
	if (misses(p, r->stack, r->thread, r->field))
		return "its stack, thread or field is unknown";
	if (r->kind > RKN_REFERENCE_WEAK)
		return "its kind is unknown";
	if (i && r[-1].to > r->to)
		return "it is out of order";
	return NULL;
}

static const char *check_event(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_event *e = &RECORD(p, RKN_CHUNK_EVENTS, i, event);

	if (misses(p, e->stack, e->thread, e->field))
		return "its stack, thread or field is unknown";
	if (e->holder && outside(p, RKN_CHUNK_OBJECTS, e->holder))
		return "its holder is unknown";
	if (e->kind > RKN_EVENT_RENAME)
		return "its kind is unknown";
	return NULL;
}

static const char *check_error(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_error *e = &RECORD(p, RKN_CHUNK_ERRORS, i, error);

	if (misses(p, e->stack, e->thread, e->type) ||
	    misses(p, e->made_stack, 0, 0) || misses(p, e->ended_stack, 0, 0))
		return "its stack, thread or type is unknown";
	if (!e->kind || e->kind > RKN_ERROR_UNLINK_NOTHING)
		return "its kind is unknown";
	if (misses(p, e->who.stack, 0, e->who.type) ||
	    misses(p, e->to.stack, 0, e->to.type) ||
	    misses(p, e->other.stack, 0, e->other.type) ||
	    misses(p, 0, 0, e->who.field) || misses(p, 0, 0, e->to.field) ||
	    misses(p, 0, 0, e->other.field))
		return "one of its holders is unknown";
	return NULL;
}

/* One of the two, or (`both`) none. */
static const char *check_either(const struct chunk_arrays *p, uint32_t stack,
				uint32_t type, bool both)
{
	if ((stack == RKN_NONE) == (type == RKN_NONE) &&
	    !(both && stack == RKN_NONE))
		return "it is not of either a stack or a type";
	if (misses(p, stack == RKN_NONE ? 0 : stack, 0,
		   type == RKN_NONE ? 0 : type))
		return "its stack or type is unknown";
	return NULL;
}

static const char *check_region(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_region *r = &RECORD(p, RKN_CHUNK_REGIONS, i, region);

	if (misses(p, 0, r->thread, r->name))
		return "its thread or name is unknown";
	if (r->buckets &&
	    (r->buckets != RKN_REGION_BUCKETS || r->series_shift >= 64))
		return "its buckets cannot be";
	return check_either(p, r->stack, r->type, true);
}

static const char *check_mark(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_mark *m = &RECORD(p, RKN_CHUNK_MARKS, i, mark);

	if (misses(p, 0, m->thread, m->name))
		return "its thread or name is unknown";
	return NULL;
}

static const char *check_census(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_census *c = &RECORD(p, RKN_CHUNK_CENSUS, i, census);

	return check_either(p, c->stack, c->type, false);
}

/* Of a root or edge there is one. */
int chunk_arrays_compare_wide(const void *a, const void *b)
{
	const struct rkn_wide *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->kind < RKN_WIDE_ARRAY || x->to_offset == y->to_offset)
		return 0;
	return x->to_offset < y->to_offset ? -1 : 1;
}

static const char *check_wide(const struct chunk_arrays *p, size_t i)
{
	static const enum rkn_chunk_type about[] = {
		[RKN_WIDE_ROOT] = RKN_CHUNK_ROOTS,
		[RKN_WIDE_EDGE] = RKN_CHUNK_EDGES,
		[RKN_WIDE_ARRAY] = RKN_CHUNK_BLOCKS,
		[RKN_WIDE_BASE] = RKN_CHUNK_BLOCKS,
	};
	const struct rkn_wide *w = &RECORD(p, RKN_CHUNK_WIDE, i, wide);

	if (w->kind > RKN_WIDE_BASE)
		return "its kind is unknown";
	if (outside(p, about[w->kind], w->index))
		return "the block or pointer that it is about is unknown";
	if (i && chunk_arrays_compare_wide(&w[-1], w) >= 0)
		return "it is out of order";
	return NULL;
}

static const char *check_free(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_free *f = &RECORD(p, RKN_CHUNK_FREES, i, free);

	if (misses(p, f->stack, f->thread, 0) ||
	    misses(p, f->made_stack, 0, 0) || misses(p, f->freed_stack, 0, 0))
		return "its stack or thread is unknown";
	if (f->kind > RKN_FREE_NOWHERE)
		return "its kind is unknown";
	return NULL;
}

static const char *check_place(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_place *place = &RECORD(p, RKN_CHUNK_PLACES, i, place);

	if (place->module != RKN_NONE &&
	    outside(p, RKN_CHUNK_MODULES, place->module))
		return "its module is unknown";
	if (place->word != 0 && place->word != 1 && place->word != 3)
		return "the word that leads there is unknown";
	return NULL;
}

static const char *check_first(const struct chunk_arrays *p, size_t i)
{
	const uint32_t *first = p->of[RKN_CHUNK_FIRST].records;

	if (outside(p, RKN_CHUNK_BLOCKS, (uint32_t)i))
		return "its block is unknown";
	if (first[i] != RKN_NONE && outside(p, RKN_CHUNK_PLACES, first[i]))
		return "its place is unknown";
	return NULL;
}

static const char *check_count(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_count *c = &RECORD(p, RKN_CHUNK_COUNTS, i, count);

	if (outside(p, RKN_CHUNK_BLOCKS, c->block))
		return "its block is unknown";
	if (i && c[-1].block >= c->block)
		return "it is out of order";
	if (!c->weak)
		return "it is not a count";
	return NULL;
}

static const char *check_live_frame(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_live_frame *f =
	    &RECORD(p, RKN_CHUNK_LIVE_FRAMES, i, live_frame);

	if (f->module != RKN_NONE && outside(p, RKN_CHUNK_MODULES, f->module))
		return "its module is unknown";
	return NULL;
}

static const char *check_live_thread(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_live_thread *t =
	    &RECORD(p, RKN_CHUNK_LIVE_THREADS, i, live_thread);

	if (t->thread != RKN_NONE && outside(p, RKN_CHUNK_THREADS, t->thread))
		return "its thread is unknown";
	if (t->first > p->of[RKN_CHUNK_LIVE_FRAMES].count ||
	    t->frames > p->of[RKN_CHUNK_LIVE_FRAMES].count - t->first)
		return "its frames are unknown";
	return NULL;
}

static const char *check_tls(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_tls *t = &RECORD(p, RKN_CHUNK_TLS, i, tls);

	if (outside(p, RKN_CHUNK_MODULES, t->module))
		return "its module is unknown";
	if (t->size > t->below)
		return "it ends above the thread pointer";
	return NULL;
}

bool chunk_arrays_too_much(const struct rkn_point *p)
{
	return (p->time_ns | p->births | p->allocations | p->allocated_bytes |
		p->blocks | p->bytes | p->most) >>
	       63;
}

static const char *check_point(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_point *point = &RECORD(p, RKN_CHUNK_POINTS, i, point);

	if (chunk_arrays_too_much(point))
		return "it has more than can be";
	if (i && point[-1].time_ns > point->time_ns)
		return "it is out of order";
	return NULL;
}

/* Its rows come later: see recording_read.c. */
static const char *check_key(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_key *k = &RECORD(p, RKN_CHUNK_KEYS, i, key);

	if (chunk_arrays_too_much(&k->point))
		return "it has more than can be";
	if (i && k[-1].point.time_ns > k->point.time_ns)
		return "it is out of order";
	return NULL;
}

static const char *check_key_row(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_key_row *r =
	    &RECORD(p, RKN_CHUNK_KEY_ROWS, i, key_row);

	if (r->stack != RKN_NONE && outside(p, RKN_CHUNK_STACKS, r->stack))
		return "its stack is unknown";
	return NULL;
}

static const char *check_lives(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_lives *l = &RECORD(p, RKN_CHUNK_LIVES, i, lives);

	if (outside(p, RKN_CHUNK_STACKS, l->stack))
		return "its stack is unknown";
	if (i && l[-1].stack >= l->stack)
		return "it is out of order";
	return NULL;
}

static const char *check_mapping(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_mapping *m =
	    &RECORD(p, RKN_CHUNK_MAPPINGS, i, mapping);

	if (m->end <= m->start)
		return "it ends before it starts";
	if (i && m[-1].end > m->start)
		return "it overlaps the mapping before it";
	if ((m->resident != RKN_NOT_KNOWN && m->resident > m->end - m->start) ||
	    m->swapped > m->end - m->start)
		return "more of it is held than there is";
	if (m->kind > RKN_MAPPING_KERNEL)
		return "its kind is unknown";
	if (outside(p, RKN_CHUNK_STRINGS, m->name))
		return "its name is beyond the strings";
	return NULL;
}

static const char *check_pages(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_pages *r = &RECORD(p, RKN_CHUNK_PAGES, i, pages);

	if (r->end <= r->start)
		return "they end before they start";
	if (i && r[-1].end >= r->start)
		return "they are not above those before them";
	return NULL;
}

static const char *check_arena(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_arena *a = &RECORD(p, RKN_CHUNK_ARENAS, i, arena);

	if (a->end <= a->start)
		return "it ends before it starts";
	if (i && a[-1].end > a->start)
		return "it overlaps the one before it";
	if (a->top && (a->top < a->start || a->top >= a->end))
		return "its top is outside of it";
	return NULL;
}

static const char *check_slack(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_slack *s = &RECORD(p, RKN_CHUNK_SLACK, i, slack);

	if (outside(p, RKN_CHUNK_BLOCKS, s->block))
		return "its block is unknown";
	if (i && s[-1].block >= s->block)
		return "it is out of order";
	return NULL;
}

static const char *check_content(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_content *c =
	    &RECORD(p, RKN_CHUNK_CONTENTS, i, content);

	if (outside(p, RKN_CHUNK_BLOCKS, c->block))
		return "its block is unknown";
	if (i && c[-1].block >= c->block)
		return "it is out of order";
	if (c->used > RECORD(p, RKN_CHUNK_BLOCKS, c->block, block).size)
		return "its block is smaller";
	return NULL;
}

static const char *check_mapped_site(const struct chunk_arrays *p, size_t i)
{
	if (outside(p, RKN_CHUNK_STACKS,
		    RECORD(p, RKN_CHUNK_MAPPED_SITES, i, mapped_site).stack))
		return "its stack is unknown";
	return NULL;
}

static const char *check_mapped(const struct chunk_arrays *p, size_t i)
{
	const struct rkn_mapped *m = &RECORD(p, RKN_CHUNK_MAPPED, i, mapped);

	if (m->end <= m->start)
		return "it ends before it starts";
	if (i && m[-1].end > m->start)
		return "it overlaps the one before it";
	if (!m->site || outside(p, RKN_CHUNK_MAPPED_SITES, m->site))
		return "its site is unknown";
	if (outside(p, RKN_CHUNK_THREADS, m->thread))
		return "its thread is unknown";
	return NULL;
}

#define IN(array, count)                                                       \
	offsetof(struct model, array), offsetof(struct model, count)

const struct chunk_array_kind chunk_array_kinds[PARTS] = {
	[RKN_CHUNK_META] = { 0,
			     0,
			     sizeof(struct rkn_meta),
			     "meta",
			     check_meta,
			     { offsetof(struct rkn_meta, run_lost_mapped),
			       offsetof(struct rkn_meta, script),
			       offsetof(struct rkn_meta, suppressions) } },
	[RKN_CHUNK_STRINGS] = { IN(strings, strings_size), 1, "strings", NULL },
	[RKN_CHUNK_MODULES] = { IN(modules, module_count),
				sizeof(struct rkn_module), "modules",
				check_module },
	[RKN_CHUNK_FRAMES] = { IN(frames, frame_count),
			       sizeof(struct rkn_frame), "frames",
			       check_frame },
	[RKN_CHUNK_STACKS] = { IN(stacks, stack_count),
			       sizeof(struct rkn_stack),
			       "stacks",
			       check_stack,
			       { offsetof(struct rkn_stack, peak_blocks) } },
	[RKN_CHUNK_THREADS] = { IN(threads, thread_count),
				sizeof(struct rkn_thread), "threads", NULL },
	[RKN_CHUNK_LIMITS] = { 0, 0, sizeof(struct rkn_limit), "limits",
			       check_limit },
	[RKN_CHUNK_BLOCKS] = { IN(blocks, block_count),
			       sizeof(struct rkn_block), "blocks",
			       check_block },
	[RKN_CHUNK_EDGES] = { IN(edges, edge_count), sizeof(struct rkn_edge),
			      "edges", check_edge },
	[RKN_CHUNK_ROOTS] = { IN(roots, root_count), sizeof(struct rkn_root),
			      "roots", check_root },
	[RKN_CHUNK_NAMES] = { IN(names, name_count), sizeof(struct rkn_name),
			      "names", check_name },
	[RKN_CHUNK_OBJECTS] = { IN(objects, object_count),
				sizeof(struct rkn_object), "objects",
				check_object },
	[RKN_CHUNK_REFERENCES] = { IN(references, reference_count),
				   sizeof(struct rkn_reference), "references",
				   check_reference },
	[RKN_CHUNK_EVENTS] = { IN(events, event_count),
			       sizeof(struct rkn_event), "events",
			       check_event },
	[RKN_CHUNK_ERRORS] = { IN(errors, error_count),
			       sizeof(struct rkn_error),
			       "errors",
			       check_error,
			       { offsetof(struct rkn_error, who) } },
	[RKN_CHUNK_REGIONS] = { IN(regions, region_count),
				sizeof(struct rkn_region),
				"regions",
				check_region,
				{ offsetof(struct rkn_region, first),
				  offsetof(struct rkn_region, grown_since) } },
	[RKN_CHUNK_MARKS] = { IN(marks, mark_count), sizeof(struct rkn_mark),
			      "marks", check_mark },
	[RKN_CHUNK_CENSUS] = { IN(census, census_count),
			       sizeof(struct rkn_census), "census",
			       check_census },
	[RKN_CHUNK_WIDE] = { IN(wide, wide_count), sizeof(struct rkn_wide),
			     "wide offsets", check_wide },
	[RKN_CHUNK_FREES] = { IN(frees, free_count), sizeof(struct rkn_free),
			      "frees", check_free },
	[RKN_CHUNK_PLACES] = { IN(places, place_count),
			       sizeof(struct rkn_place), "places",
			       check_place },
	[RKN_CHUNK_FIRST] = { IN(first, first_count), sizeof(uint32_t),
			      "first words", check_first },
	[RKN_CHUNK_COUNTS] = { IN(counts, count_count),
			       sizeof(struct rkn_count), "counts",
			       check_count },
	[RKN_CHUNK_LIVE_FRAMES] = { IN(live_frames, live_frame_count),
				    sizeof(struct rkn_live_frame),
				    "live frames", check_live_frame },
	[RKN_CHUNK_LIVE_THREADS] = { IN(live_threads, live_thread_count),
				     sizeof(struct rkn_live_thread),
				     "live threads", check_live_thread },
	[RKN_CHUNK_TLS] = { IN(tls, tls_count), sizeof(struct rkn_tls), "tls",
			    check_tls },
	[RKN_CHUNK_POINTS] = { IN(points, point_count),
			       sizeof(struct rkn_point), "points",
			       check_point },
	[RKN_CHUNK_KEYS] = { IN(keys, key_count), sizeof(struct rkn_key),
			     "key frames", check_key },
	[RKN_CHUNK_KEY_ROWS] = { IN(key_rows, key_row_count),
				 sizeof(struct rkn_key_row),
				 "rows of key frames", check_key_row },
	[RKN_CHUNK_LIVES] = { IN(lives, life_count), sizeof(struct rkn_lives),
			      "lives", check_lives },
	[RKN_CHUNK_MAPPINGS] = { IN(mappings, mapping_count),
				 sizeof(struct rkn_mapping), "mappings",
				 check_mapping },
	[RKN_CHUNK_PAGES] = { IN(pages, page_count), sizeof(struct rkn_pages),
			      "pages", check_pages },
	[RKN_CHUNK_ARENAS] = { IN(arenas, arena_count),
			       sizeof(struct rkn_arena), "arenas",
			       check_arena },
	[RKN_CHUNK_SLACK] = { IN(slack, slack_count), sizeof(struct rkn_slack),
			      "slack", check_slack },
	[RKN_CHUNK_CONTENTS] = { IN(contents, content_count),
				 sizeof(struct rkn_content), "contents",
				 check_content },
	[RKN_CHUNK_MAPPED_SITES] = { IN(mapped_sites, mapped_site_count),
				     sizeof(struct rkn_mapped_site),
				     "mapped sites", check_mapped_site },
	[RKN_CHUNK_MAPPED] = { IN(mapped, mapped_count),
			       sizeof(struct rkn_mapped), "mapped",
			       check_mapped },
};

const char *chunk_arrays_check(const struct chunk_arrays *p,
			       enum rkn_chunk_type type, size_t first,
			       size_t *bad)
{
	const struct chunk_array_kind *kind = &chunk_array_kinds[type];

	for (size_t i = first; kind->check && i < p->of[type].count; i++) {
		const char *why = kind->check(p, i);

		if (why) {
			*bad = i;
			return why;
		}
	}
	return NULL;
}
