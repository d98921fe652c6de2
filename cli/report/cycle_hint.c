/* SPDX-License-Identifier: MIT */
#include "cycle_hint.h"

#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "die.h"
#include "escape.h"
#include "fields.h"
#include "place.h"
#include "text_stream.h"
#include "units.h"

/* --- Names ------------------------------------------------------------------------ */

/* Where its type is not known it is called by its site, "malloc in node_new". */
static bool is_type(const struct cycle_node *n, const char *type)
{
	return n->object || !strstr(type, " in ");
}

static const char *type_of(const struct printer *p, const struct cycle_node *n)
{
	return n->object ? names_type_called(p->in->names,
					     p->in->m->objects[n->object].type)
			 : names_block_type(p->in->names, n->block);
}

char *cycle_hint_member(const struct printer *p, const struct cycle_node *n)
{
	const char *type = type_of(p, n);
	char size[UNITS_SIZE], *function, *text;

	if (is_type(n, type))
		return card_type(type);
	function = place_function(
	    block_types_place(p->in->types, p->in->m->blocks[n->block].stack));
	text = xasprintf("%s from %s",
			 units_bytes(size, p->in->m->blocks[n->block].size),
			 function);
	free(function);
	return text;
}

/* ".next"; "" where the program named none. */
static char *field_named(const struct printer *p, const struct rkn_reference *r)
{
	char *field = escape(model_name(p->in->m, r->field));
	char *text = xasprintf("%s%s", *field ? "." : "", field);

	free(field);
	return text;
}

/* What a container is made of is nobody's field: ".children" of
 * ".children._M_impl._M_start". */
static void cut_library(char *field)
{
	static const char *const parts[] = { "._M_", ".__" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *part = strstr(field, parts[i]);

		if (part && part > field)
			*part = '\0';
	}
}

char *cycle_hint_field(const struct printer *p, const struct cycle_round *c,
		       uint32_t arrow)
{
	const struct cycle_arrow *a = &c->arrows[arrow];
	const struct model *m = p->in->m;
	char *field;

	if (a->edge == RKN_NONE)
		return field_named(p, &m->references[a->reference]);
	field = field_mark(p->in->types, m->edges[a->edge].from,
			   model_edge_from(m, &m->edges[a->edge]),
			   c->nodes[a->from].base);
	cut_library(field);
	return field;
}

/* "connection.session" of "struct connection" and ".session"; "+0x8 of connection"
 * of "+0x8". */
static char *join(const char *type, const char *field)
{
	static const char *const words[] = { "struct ", "union ", "class " };
	size_t length;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(type, words[i], strlen(words[i])))
			type += strlen(words[i]);
	if (*field == '+')
		return xasprintf("%s of %s", field, type);
	length = strlen(type);
	/* "entry[3].next" of "entry[]" and "[3].next" */
	if (*field == '[' && length && type[length - 1] == ']')
		length = (size_t)(strrchr(type, '[') - type);
	return xasprintf("%.*s%s", (int)length, type, field);
}

static const struct cycle_node *source_of(const struct cycle_round *c,
					  uint32_t arrow)
{
	return &c->nodes[c->arrows[arrow].from];
}

/* "connection.session", "+0x8 of the 72 B from connection_accept"; the latter without
 * the block where that of `next`, which follows, is of the same type. */
static char *arrow_name(const struct printer *p, const struct cycle_round *c,
			uint32_t arrow, uint32_t next)
{
	const struct cycle_node *n = source_of(c, arrow);
	const char *type = type_of(p, n);
	char *field = cycle_hint_field(p, c, arrow);
	char *member = cycle_hint_member(p, n);
	char *text;

	if (is_type(n, type))
		text = join(member, field);
	else if (next != RKN_NONE && type_of(p, source_of(c, next)) == type)
		text = xstrdup(field);
	else
		text = xasprintf("%s of the %s", field, member);
	free(member);
	free(field);
	return text;
}

/* The offset in its block of the pointer from the holder's part of it to the
 * object's block; UINT64_MAX: there is none. */
static uint64_t find_pointer(const struct reading *in,
			     const struct rkn_reference *r, uint32_t block)
{
	uint64_t start, end = names_part(in->names, r->from, &start);
	size_t first, n = model_edges_of(in->m, block, &first);

	for (size_t i = first; i < first + n; i++) {
		uint64_t at = model_edge_from(in->m, &in->m->edges[i]);

		if (in->m->edges[i].to == in->m->objects[r->to].block &&
		    at >= start && at < end)
			return at;
	}
	return UINT64_MAX;
}

char *cycle_hint_reference(const struct printer *p,
			   const struct rkn_reference *r)
{
	const struct rkn_object *holder = &p->in->m->objects[r->from];
	char *field, *name;
	uint64_t at;

	if (!r->from)
		return xstrdup("the reference");
	field = field_named(p, r);
	at = *field || holder->flags & RKN_OBJECT_ENDED ||
		     holder->block == RKN_NONE
		 ? UINT64_MAX
		 : find_pointer(p->in, r, holder->block);
	if (at != UINT64_MAX) {
		free(field);
		field = field_mark(
		    p->in->types, holder->block, at,
		    names_object_at(p->in->names, holder->block) == r->from
			? 0
			: holder->address -
			      p->in->m->blocks[holder->block].address);
	}
	name = join(names_type_called(p->in->names, holder->type), field);
	free(field);
	return name;
}

/* --- The hint ---------------------------------------------------------------------- */

/* Whether references on its members are known that nobody in it holds. */
static bool is_held(const struct printer *p, const struct finding *f)
{
	if (f->references)
		return true;
	for (size_t i = 0; i < f->member_count && p->in->m->count_count; i++) {
		struct block_counts counts;

		if (counts_of(p->in->counts, f->members[i], &counts) &&
		    counts.strong >
			counts_pointers(p->in->counts, f->members[i]))
			return true;
	}
	return false;
}

static void print_freed(FILE *out, const struct finding *f)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];
	uint64_t objects, bytes;
	bool even;

	if (!finding_retains(f, &objects, &bytes))
		return;
	even = f->least == f->most && objects % f->count == 0;
	units_count(count, even ? objects / f->count : objects, "object");
	if (f->count > 1 && even)
		fprintf(out, ": frees all %s of each", count);
	else
		fprintf(out, ": frees all %s, %s", count,
			units_bytes(size, bytes));
}

/* A container's own pointers lead back to it; its destructor knows them. */
static bool is_of_library(const struct printer *p, const struct cycle_round *c,
			  uint32_t arrow)
{
	static const char *const names[] = { "std::", "__gnu_cxx::", "alloc::",
					     "core::" };
	const char *type = type_of(p, source_of(c, arrow));

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(type, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Leaves the cuts of the program's own pointers; returns how many there are. */
static size_t choose_cuts(const struct printer *p, struct cycle_round *own,
			  const struct cycle_round *c)
{
	*own = *c;
	own->cut_count = 0;
	for (size_t i = 0; i < c->cut_count; i++)
		if (!is_of_library(p, c, c->cuts[i].arrow))
			own->cuts[own->cut_count++] = c->cuts[i];
	return own->cut_count;
}

/* "free std::map<...>, whose own pointers make the cycle" */
static char *library_hint(const struct printer *p, const struct finding *f,
			  const struct cycle_round *c)
{
	char *name = cycle_hint_member(p, &c->nodes[0]);
	char *text = xasprintf(
	    "free %s while something points at %s: its own pointers make the cycle",
	    name, f->count == 1 ? "it" : "them");

	free(name);
	return text;
}

static void print_cut(const struct printer *p, FILE *out,
		      const struct cycle_round *c, size_t i)
{
	const struct cycle_cut *cut = &c->cuts[i];
	bool more = i + 1 < c->cut_count;
	bool either = cut->other != RKN_NONE && c->cut_count == 1;
	char *name = arrow_name(p, c, cut->arrow,
				more && cut->one == cut[1].one ? cut[1].arrow
							       : RKN_NONE);
	char *other = either ? arrow_name(p, c, cut->other, cut->arrow) : NULL;

	fprintf(out, "%s%s%s%s%s%s",
		!i     ? ""
		: more ? ", "
		       : " and ",
		i && cut->one == cut[-1].one ? ""
		: cut->one                   ? "clear one "
					     : "clear or weaken ",
		either ? "one of " : "", either ? other : "",
		either ? ", " : "", name);
	free(name);
	free(other);
}

/* What the program's own calls tell. */
static char *told_hint(const struct printer *p, const struct finding *f)
{
	const struct rkn_reference *r = &p->in->m->references[f->hint];
	char *name = cycle_hint_reference(p, r);
	char count[UNITS_SIZE], size[UNITS_SIZE];
	char *text = xasprintf("clear or weaken %s: frees %s, %s", name,
			       units_count(count, f->hint_objects, "object"),
			       units_bytes(size, f->hint_bytes));

	free(name);
	return text;
}

/* Whether all cuts are of references that the program, or the language, counts. */
static bool are_counted(const struct printer *p, const struct cycle_round *c)
{
	const struct model *m = p->in->m;

	for (size_t i = 0; i < c->cut_count; i++) {
		const struct cycle_arrow *a = &c->arrows[c->cuts[i].arrow];

		if (a->edge != RKN_NONE &&
		    !(c->nodes[a->from].object && c->nodes[a->to].object) &&
		    field_hold(p->in->types, m->edges[a->edge].from,
			       model_edge_from(m, &m->edges[a->edge])) ==
			COUNTED_OTHER)
			return false;
	}
	return true;
}

char *cycle_hint(const struct printer *p, const struct finding *f,
		 const struct cycle_round *c)
{
	struct cycle_round own;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (f->hint != RKN_NONE)
		return told_hint(p, f);
	if (f->undeclared != RKN_NONE || !c->cut_count ||
	    c->left == c->node_count)
		return NULL;
	if (!choose_cuts(p, &own, c))
		return library_hint(p, f, c);
	out = text_stream_open(&text, &size);
	for (size_t i = 0; i < own.cut_count; i++)
		print_cut(p, out, &own, i);
	if (c->left) {
		fprintf(out, ": %zu of %zu objects still hold each other",
			c->left, c->node_count);
	} else if (!is_held(p, f)) {
		print_freed(out, f);
		if (!are_counted(p, &own))
			fputs(", if it counts as a reference", out);
	}
	text_stream_close(out);
	return text;
}
