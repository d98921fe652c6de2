/* SPDX-License-Identifier: MIT */
/*
 * The card of a cycle: its members outwards from the head, each followed by
 * its pointers to other members:
 *
 *     ROOT CYCLE struct node#1  0x55d0 [24 B]
 *         allocated by node_new at cyc.c:4 (cyc), called by main ...
 *         --.next-->
 *     struct node#2  0x5600 [24 B]
 *         allocated by node_new at cyc.c:4 (cyc), called by main ...
 *         --.next--> CYCLE BACK TO struct node#1
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fields.h"
#include "member.h"
#include "paint.h"
#include "report_print.h"
#include "units.h"

#define MOST_POINTERS 8 /* of one member, beside the one to the next */

struct drawing {
	const struct printer *p;
	const struct finding *f;
	size_t shown;  /* members */
	size_t hidden; /* control blocks whose object is shown in their place */
	struct member members[FINDING_DRAWN];
};

/* A pointer of a member to another, as it is drawn. */
struct arrow {
	const struct rkn_edge *edge;
	size_t to;   /* place of the member; d->shown: none that is shown */
	uint64_t at; /* where it leads to in that, bytes */
	bool weak;   /* it keeps nothing */
};

/* --- What stands for what ---------------------------------------------------------- */

/* The object that a person takes a control block for, if it is a member, too;
 * RKN_NONE: none. */
static uint32_t object_of(const struct drawing *d, uint32_t block)
{
	uint32_t object = counts_object(d->p->in->counts, block);

	for (size_t i = 0; object != RKN_NONE && i < d->f->member_count; i++)
		if (d->f->members[i] == object)
			return object;
	return RKN_NONE;
}

/* Where in a member its object begins: behind counts, if it has some. */
static bool is_start(const struct drawing *d, const struct member *m,
		     uint64_t at)
{
	struct block_type type;

	if (at == m->start)
		return true;
	type = block_types_of(d->p->in->types, m->block);
	return !m->object && type.inside && at == type.offset;
}

static struct arrow arrow_of(const struct drawing *d, const struct rkn_edge *e)
{
	uint32_t object = object_of(d, e->to);
	uint32_t block = object == RKN_NONE ? e->to : object;
	struct arrow a = { .edge = e };

	a.at = object == RKN_NONE ? model_edge_to(d->p->in->m, e) : 0;
	while (a.to < d->shown && !member_has(&d->members[a.to], block, a.at))
		a.to++;
	a.weak = counts_is_weak(d->p->in->counts, e);
	return a;
}

/* Whether both pointers are of one counted reference, which is drawn once. */
static bool is_same(const struct drawing *d, const struct arrow *a,
		    const struct arrow *b)
{
	const struct rkn_edge *x = a->edge, *y = b->edge;

	return x && a->to == b->to && x->from_word + 1 == y->from_word &&
	       field_hold(d->p->in->types, x->from, 8ull * x->from_word) &&
	       field_hold(d->p->in->types, y->from, 8ull * y->from_word) &&
	       x->from_word != RKN_SEE_WIDE && y->from_word != RKN_SEE_WIDE;
}

/* --- Arrows -------------------------------------------------------------------------- */

/* `where` empty: to the member that follows. */
static void print_arrow(const struct drawing *d, const struct arrow *a,
			size_t from, const char *where)
{
	const struct member *source = &d->members[from];
	const struct member *target = &d->members[a->to];
	const struct reading *in = d->p->in;
	char *mark = field_mark(in->types, a->edge->from,
				model_edge_from(in->m, a->edge), source->start);

	fprintf(d->p->out, "        --%s", mark);
	free(mark);
	if (!is_start(d, target, a->at)) {
		mark = a->edge->to == target->block
			   ? field_target_mark(in->types, in->m, a->edge,
					       target->start)
			   : field_mark(in->types, target->block, a->at,
					target->start);
		fprintf(d->p->out, " to %s", mark);
		free(mark);
	}
	fprintf(d->p->out, "%s-->%s%s\n", a->weak ? ", weak" : "", where,
		*where ? target->name : "");
}

/* All pointers of member `from` to others, that to the next one last. */
static void print_pointers(struct drawing *d, size_t from)
{
	const struct model *m = d->p->in->m;
	struct arrow last = { 0 }, next = { 0 };
	size_t first, more = 0, printed = 0;
	const struct member *member = &d->members[from];
	size_t n = model_edges_of(m, member->block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct arrow a = arrow_of(d, &m->edges[i]);
		const bool again = is_same(d, &last, &a);

		if (!member_has(member, a.edge->from,
				model_edge_from(m, a.edge)))
			continue;
		last = a;
		if (again || a.to == d->shown)
			continue;
		if (a.to == from && !is_start(d, member, a.at))
			continue; /* into its own middle */
		if (a.to == from + 1 && !a.weak && !next.edge)
			next = a;
		else if (printed++ < MOST_POINTERS)
			print_arrow(d, &a, from,
				    a.to <= from && !a.weak ? " CYCLE BACK TO "
							    : " ");
		else
			more++;
	}
	if (more)
		fprintf(d->p->out, "        ... and %zu more pointers\n", more);
	if (next.edge)
		print_arrow(d, &next, from, "");
}

/* --- The whole ------------------------------------------------------------------------ */

static void choose_members(struct drawing *d)
{
	const struct finding *f = d->f;
	size_t i = 0;

	for (; i < f->member_count && d->shown < FINDING_DRAWN; i++)
		if (object_of(d, f->members[i]) == RKN_NONE)
			d->members[d->shown++] = member_of(d->p->in, f, i);
		else
			d->hidden++;
}

static void print_member(struct drawing *d, size_t i)
{
	const struct printer *p = d->p;
	const struct member *m = &d->members[i];
	char text[UNITS_SIZE];

	fprintf(p->out, "    %s%s%s%s  0x%" PRIx64 " [%s]",
		paint(p->colour, PAINT_STRONG), i ? "" : "ROOT CYCLE ", m->name,
		paint(p->colour, PAINT_PLAIN), m->address,
		units_bytes(text, m->bytes));
	if (!m->object)
		print_shared_counts(p, d->f, m->block, "  ");
	fputc('\n', p->out);
	print_place(p, "        ", "allocated by",
		    p->in->m->blocks[m->block].stack);
	print_pointers(d, i);
}

void print_cycle(const struct printer *p, const struct finding *f)
{
	struct drawing d = { .p = p, .f = f };
	char text[UNITS_SIZE];

	if (f->least != f->most) /* cycles of other lengths are not drawn */
		fprintf(p->out, "    shown is %s, of %s:\n",
			f->member_count == f->most ? "the largest of them"
			: f->member_count > FINDING_DRAWN
			    ? "the first of them"
			    : "the largest that fits here",
			units_count(text, f->member_count, "object"));
	choose_members(&d);
	for (size_t i = 0; i < d.shown; i++)
		print_member(&d, i);
	for (size_t i = 0; i < d.shown; i++)
		free(d.members[i].name);
	if (d.hidden)
		fprintf(p->out, "    and %s, where the counts are\n",
			units_count(text, d.hidden, "control block"));
	if (d.shown + d.hidden < f->member_count)
		fprintf(p->out, "    ... omitting %s of this cycle\n",
			units_count(text, f->member_count - d.shown - d.hidden,
				    "more member"));
}
