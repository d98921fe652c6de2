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
	size_t shown; /* members */
	struct member members[FINDING_DRAWN];
};

/* `where` empty: to the member that follows. */
static void print_arrow(const struct drawing *d, const struct rkn_edge *e,
			size_t from, size_t to, const char *where)
{
	const struct member *source = &d->members[from];
	const struct member *target = &d->members[to];
	const struct reading *in = d->p->in;
	char *mark = field_mark(in->types, e->from, model_edge_from(in->m, e),
				source->start);

	fprintf(d->p->out, "        --%s", mark);
	free(mark);
	if (model_edge_to(in->m, e) != target->start) {
		mark = field_target_mark(in->types, in->m, e, target->start);
		fprintf(d->p->out, " to %s", mark);
		free(mark);
	}
	fprintf(d->p->out, "-->%s%s\n", where, *where ? target->name : "");
}

/* All pointers of member `from` to others, that to the next one last. */
static void print_pointers(struct drawing *d, size_t from)
{
	const struct model *m = d->p->in->m;
	const struct rkn_edge *next = NULL;
	size_t first, more = 0, printed = 0;
	const struct member *member = &d->members[from];
	size_t n = model_edges_of(m, member->block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &m->edges[i];
		size_t to = 0; /* d->shown: none that is shown */

		while (to < d->shown &&
		       !member_has(&d->members[to], e->to, model_edge_to(m, e)))
			to++;
		if (!member_has(member, e->from, model_edge_from(m, e)))
			continue;
		if (to == from && model_edge_to(m, e) != member->start)
			continue; /* into its own middle */
		if (to == from + 1 && to < d->shown && !next)
			next = e;
		else if (to < d->shown && printed++ < MOST_POINTERS)
			print_arrow(d, e, from, to,
				    to <= from ? " CYCLE BACK TO " : " ");
		else if (to < d->shown)
			more++;
	}
	if (more)
		fprintf(d->p->out, "        ... and %zu more pointers\n", more);
	if (next)
		print_arrow(d, next, from, from + 1, "");
}

void print_cycle(const struct printer *p, const struct finding *f)
{
	struct drawing d = { .p = p, .shown = f->member_count };
	char text[UNITS_SIZE];

	if (d.shown > FINDING_DRAWN)
		d.shown = FINDING_DRAWN;
	if (f->least != f->most) /* cycles of other lengths are not drawn */
		fprintf(p->out, "    shown is %s, of %s:\n",
			f->member_count == f->most ? "the largest of them"
			: f->member_count > FINDING_DRAWN
			    ? "the first of them"
			    : "the largest that fits here",
			units_count(text, f->member_count, "object"));
	for (size_t i = 0; i < d.shown; i++)
		d.members[i] = member_of(p->in, f, i);
	for (size_t i = 0; i < d.shown; i++) {
		const struct member *m = &d.members[i];

		fprintf(p->out, "    %s%s%s%s  0x%" PRIx64 " [%s]\n",
			paint(p->colour, PAINT_STRONG), i ? "" : "ROOT CYCLE ",
			m->name, paint(p->colour, PAINT_PLAIN), m->address,
			units_bytes(text, m->bytes));
		print_place(p, "        ", "allocated by",
			    p->in->m->blocks[m->block].stack);
		print_pointers(&d, i);
	}
	for (size_t i = 0; i < d.shown; i++)
		free(d.members[i].name);
	if (d.shown < f->member_count)
		fprintf(p->out, "    ... omitting %s of this cycle\n",
			units_count(text, f->member_count - d.shown,
				    "more member"));
}
