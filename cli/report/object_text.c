/* SPDX-License-Identifier: MIT */
#include "object_card.h"

#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"
#include "fields.h"
#include "holder.h"
#include "ledger.h"
#include "object_history.h"
#include "paint.h"
#include "units.h"
#include "xmalloc.h"

#define MOST_LINES 20 /* of one list, unless all is wanted */
#define MOST_TYPES 5  /* of what it retains */

const char *const object_edge_names[] = { "reference", "link", "weak" };

static void print_event(const struct printer *p, const struct object_event *row)
{
	const struct rkn_event *e = &p->in->m->events[row->event];
	char *origin = print_origin(p, e->stack);
	char *field = escape(model_name(p->in->m, e->field));

	if (row->end != RKN_NONE)
		fprintf(p->out,
			"      %" PRIu64 "x retain, release  count %d  %s",
			row->count, p->in->m->events[row->end].count, origin);
	else
		fprintf(p->out, "      %s  count %d  %s",
			object_event_names[e->kind], e->count, origin);
	if (e->holder) {
		char *holder = names_of(p->in->names, e->holder);

		fprintf(p->out, " by %s", holder);
		free(holder);
	}
	if (*field)
		fprintf(p->out, " in %s", field);
	fprintf(p->out, ", thread %" PRIu32 "\n",
		p->in->m->threads[e->thread].tid);
	free(field);
	free(origin);
}

static void print_more(const struct printer *p, size_t n)
{
	if (n > MOST_LINES)
		fprintf(p->out, "      ... %zu more; --all shows them\n",
			n - MOST_LINES);
}

/* A declared edge: "Session#1 in next, weak". */
static void print_edge(const struct printer *p, const struct rkn_reference *r,
		       uint32_t other)
{
	char *field = escape(model_name(p->in->m, r->field));
	char *name = other ? names_of(p->in->names, other) : NULL;

	if (name)
		fprintf(p->out, "      %s%s", name,
			p->in->m->objects[other].flags & RKN_OBJECT_ENDED
			    ? ", which has ended,"
			    : "");
	else
		fprintf(p->out, "      0x%" PRIx64, r->holder);
	if (*field)
		fprintf(p->out, " in %s", field);
	fprintf(p->out, ", %s\n", object_edge_names[r->kind]);
	free(name);
	free(field);
}

void object_declared(const struct printer *p, const struct block_view *o)
{
	size_t first, n = model_references_of(p->in->m, o->object, &first);
	bool titled = false;

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_reference *r = &p->in->m->references[i];

		if (!r->from && !r->holder)
			continue;
		if (!titled)
			fputs("    holders, as declared:\n", p->out);
		titled = true;
		print_edge(p, r, r->from);
	}
	titled = false;
	for (size_t i = 0; i < p->in->m->reference_count; i++) {
		const struct rkn_reference *r = &p->in->m->references[i];

		if (r->from != o->object)
			continue;
		if (!titled)
			fputs("    holds, as declared:\n", p->out);
		titled = true;
		print_edge(p, r, r->to);
	}
}

/* Whether it leads to where the object begins, behind its counts. */
static bool is_object(const struct printer *p, const struct rkn_edge *e)
{
	const struct block_type t = block_types_of(p->in->types, e->to);

	return t.inside && model_edge_to(p->in->m, e) == t.offset;
}

static void print_hold(const struct printer *p, const struct rkn_edge *e)
{
	fputs(counts_is_weak(p->in->counts, e) ? ", weak\n" : "\n", p->out);
}

static void print_root_hold(const struct printer *p, const struct rkn_root *r)
{
	fputs(counts_root_is_weak(p->in->counts, r) ? ", weak\n" : "\n",
	      p->out);
}

/* Who has a pointer, where, and where it leads if not to the start. */
static void print_pointer_in(const struct printer *p, const struct rkn_edge *e)
{
	const struct model *m = p->in->m;
	char *name = names_object(p->in->names, e->from);
	char *mark =
	    field_mark(p->in->types, e->from, model_edge_from(m, e), 0);

	fprintf(p->out, "      %s %s", name, mark);
	free(mark);
	if (e->to_offset && !is_object(p, e)) {
		mark = field_target_mark(p->in->types, m, e, 0);
		fprintf(p->out, " to %s", mark);
		free(mark);
	}
	print_hold(p, e);
	free(name);
}

void object_path(const struct printer *p, const struct block_view *o,
		 const char *indent)
{
	const struct model *m = p->in->m;

	fputs(indent, p->out);
	print_root_word(p, o->root);
	fputc('\n', p->out);
	for (size_t i = 0; i < o->path_count; i++) {
		const struct rkn_edge *e = &m->edges[o->path[i]];
		char *name = names_object(p->in->names, e->from);
		char *mark =
		    field_mark(p->in->types, e->from, model_edge_from(m, e), 0);

		fprintf(p->out, "%s-> %s %s", indent, name, mark);
		print_hold(p, e);
		free(mark);
		free(name);
	}
}

static void print_pointers(const struct printer *p, const struct block_view *o,
			   bool all)
{
	const struct model *m = p->in->m;
	size_t first, n = model_edges_of(m, o->block, &first);

	if (o->in_count + o->root_count)
		fputs("    pointers to it:\n", p->out);
	for (size_t i = 0; i < o->root_count && (all || i < MOST_LINES); i++) {
		fputs("      ", p->out);
		print_root_word(p, o->roots[i]);
		print_root_hold(p, &m->roots[o->roots[i]]);
	}
	print_more(p, all ? 0 : o->root_count);
	for (size_t i = 0; i < o->in_count && (all || i < MOST_LINES); i++)
		print_pointer_in(p, &m->edges[o->in[i]]);
	print_more(p, all ? 0 : o->in_count);
	if (n)
		fputs("    its pointers:\n", p->out);
	for (size_t i = 0; i < n && (all || i < MOST_LINES); i++) {
		const struct rkn_edge *e = &m->edges[first + i];
		char *name = names_object(p->in->names, e->to);
		char *mark =
		    field_mark(p->in->types, e->from, model_edge_from(m, e), 0);

		fprintf(p->out, "      %s %s", mark, name);
		print_hold(p, e);
		free(mark);
		free(name);
	}
	print_more(p, all ? 0 : n);
	if (o->reached) {
		fputs(o->weakly
			  ? "    only weak references lead to it from a root:\n"
			  : "    shortest path from a root:\n",
		      p->out);
		object_path(p, o, "      ");
	} else if (!o->why) {
		fputs("    no root leads to it\n", p->out);
	}
}

void object_announce(const struct printer *p, const struct block_view *o)
{
	if (o->block != RKN_NONE)
		names_announce(p->in->names, &o->block, 1);
	for (size_t i = 0; i < o->path_count; i++)
		names_announce(p->in->names, &p->in->m->edges[o->path[i]].from,
			       1);
}

/* A number costs a pass over all blocks: one pass numbers all that are
 * shown. */
static void announce(const struct printer *p, const struct block_view *o,
		     bool all)
{
	size_t first, n = model_edges_of(p->in->m, o->block, &first);
	uint32_t counted = counts_object(p->in->counts, o->block);

	object_announce(p, o);
	if (counted != RKN_NONE)
		names_announce(p->in->names, &counted, 1);
	if (o->dominator != RKN_NONE)
		names_announce(p->in->names, &o->dominator, 1);
	for (size_t i = 0; i < o->in_count && (all || i < MOST_LINES); i++)
		names_announce(p->in->names, &p->in->m->edges[o->in[i]].from,
			       1);
	for (size_t i = 0; i < n && (all || i < MOST_LINES); i++)
		names_announce(p->in->names, &p->in->m->edges[first + i].to, 1);
}

/* The rest of an object's card: its references and what happened to it. */
static void print_object(const struct printer *p, const struct block_view *o,
			 bool all)
{
	struct object_history h;

	print_outstanding(p, &o->object, 1, "    ");
	object_history_make(&h, p->in->m, o->object, all);
	if (h.count)
		fputs("    history, the oldest first:\n", p->out);
	if (h.lost)
		fprintf(p->out,
			"      %" PRIu64 " older events were not kept\n",
			h.lost);
	for (size_t i = 0; i < h.count; i++)
		print_event(p, &h.rows[i]);
	object_history_release(&h);
	object_declared(p, o);
}

static void print_type(const struct printer *p, uint32_t block)
{
	const struct rkn_block *b = &p->in->m->blocks[block];
	const struct block_type t = block_types_of(p->in->types, block);
	const struct site *site = block_types_site(p->in->types, b->stack);
	char *text = block_type_of_size(&t, b->size);
	char *shown = text ? escape(text) : NULL;
	char *by = site->by ? escape(site->by) : NULL;
	char *where = t.offset ? xasprintf(" from +0x%" PRIx64 " on", t.offset)
			       : xstrdup("");
	uint32_t counted = counts_object(p->in->counts, block);

	if (!shown)
		fputs("    its type is not known\n", p->out);
	else if (t.evidence == TYPE_FIRST_WORD)
		fprintf(p->out, "    is %s%s, by its first word\n", shown,
			where);
	else if (t.evidence == TYPE_FIELD)
		fprintf(p->out, "    is %s%s, by the pointers to it\n", shown,
			where);
	else if (by)
		fprintf(p->out, "    is %s%s, by `%s` where it was allocated\n",
			shown, where, by);
	else
		fprintf(p->out, "    is %s%s, by where it was allocated\n",
			shown, where);
	if (counted != RKN_NONE) {
		char *name = names_object(p->in->names, counted);

		fprintf(p->out, "    has the counts of %s\n", name);
		free(name);
	}
	if (print_shared_counts(p, NULL, block, "    "))
		fputc('\n', p->out);
	free(where);
	free(by);
	free(shown);
	free(text);
}

static void print_retained(const struct printer *p, const struct block_view *o)
{
	char count[UNITS_SIZE], size[UNITS_SIZE], *name;

	if (o->why) {
		fprintf(
		    p->out,
		    "    what leads to it and what it retains are not known: %s\n",
		    o->why);
		return;
	}
	fprintf(p->out, "    pointers to it in memory: %" PRIu64 "\n",
		o->words);
	fprintf(p->out, "    retains %s, %s: free if only it were\n",
		units_count(count, o->retained_objects, "object"),
		units_bytes(size, o->retained_bytes));
	for (size_t i = 0; i < o->type_count && i < MOST_TYPES; i++)
		fprintf(p->out, "      %s, %s  %s\n",
			units_count(count, o->types[i].objects, "object"),
			units_bytes(size, o->types[i].bytes), o->types[i].type);
	if (o->type_count > MOST_TYPES)
		fprintf(p->out, "      and %s\n",
			units_count(count, o->type_count - MOST_TYPES,
				    "more type"));
	if (o->dominator == RKN_NONE)
		return;
	name = names_object(p->in->names, o->dominator);
	fprintf(p->out, "    is retained by %s: free with it\n", name);
	free(name);
}

void object_text(const struct printer *p, const struct block_view *o, bool all)
{
	const struct rkn_object *object = &p->in->m->objects[o->object];
	const struct rkn_block *block = &p->in->m->blocks[o->block];
	char size[UNITS_SIZE], *name;

	if (o->block != RKN_NONE)
		announce(p, o, all);
	name = o->object ? names_of(p->in->names, o->object)
			 : names_object(p->in->names, o->block);
	fprintf(p->out, "%s%s%s", paint(p->colour, PAINT_STRONG), name,
		paint(p->colour, PAINT_PLAIN));
	free(name);
	if (o->block == RKN_NONE)
		fputs("  has ended, and still holds references\n", p->out);
	else
		fprintf(p->out, "  0x%" PRIx64 " [%s]\n",
			o->object ? object->address : block->address,
			units_bytes(size, block->size));
	if (o->object) {
		fprintf(p->out, "    count %" PRId64, object->count);
		if (object->flags & RKN_OBJECT_COUNTED)
			fprintf(
			    p->out,
			    ", read from the object; retain and release made it %" PRId64,
			    object->told);
		if (object->generation < 3)
			fprintf(p->out, "; generation %" PRIu32 "\n",
				object->generation);
		else
			fputs("; frozen\n", p->out);
	}
	if (o->block != RKN_NONE && !o->object)
		print_type(p, o->block);
	if (o->block != RKN_NONE)
		print_retained(p, o);
	fprintf(p->out, "    %s by\n", o->object ? "made" : "allocated");
	print_stack(p, o->object ? object->stack : block->stack, false);
	if (o->object)
		print_object(p, o, all);
	if (o->block != RKN_NONE)
		print_pointers(p, o, all);
}
