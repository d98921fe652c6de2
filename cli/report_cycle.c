/* SPDX-License-Identifier: MIT */
/*
 * The card of a cycle: its members outwards from the head, each followed by
 * its pointers to other members:
 *
 *     ROOT CYCLE malloc in node_new#1  0x55d0 [24 B]
 *         allocated by node_new at cyc.c:4 (cyc), called by main ...
 *         --+0x8-->
 *     malloc in node_new#2  0x5600 [24 B]
 *         allocated by node_new at cyc.c:4 (cyc), called by main ...
 *         --+0x8--> CYCLE BACK TO malloc in node_new#1
 */
#include <inttypes.h>
#include <stdlib.h>

#include "paint.h"
#include "report_print.h"
#include "units.h"

#define MOST_POINTERS 8 /* of one member, beside the one to the next */

struct drawing {
	const struct printer *p;
	const struct finding *f;
	size_t shown; /* members */
};

/* Place of `block` among the members shown; `shown` if it is not. */
static size_t position(const struct drawing *d, uint32_t block)
{
	size_t i = 0;

	while (i < d->shown && d->f->members[i] != block)
		i++;
	return i;
}

static void print_arrow(const struct drawing *d, const struct rkn_edge *e)
{
	fprintf(d->p->out, "        --+0x%" PRIx64, (uint64_t)e->from_word * 8);
	if (e->to_offset)
		fprintf(d->p->out, " to +0x%" PRIx32, e->to_offset);
	fputs("-->", d->p->out);
}

static void print_pointer(const struct drawing *d, const struct rkn_edge *e,
			  size_t from, size_t to)
{
	char *name = names_object(d->p->names, d->f->members[to]);

	print_arrow(d, e);
	fprintf(d->p->out, "%s %s\n", to <= from ? " CYCLE BACK TO" : "", name);
	free(name);
}

/* All pointers of member `from` to others, that to the next one last. */
static void print_pointers(struct drawing *d, size_t from)
{
	const struct model *m = d->p->m;
	const struct rkn_edge *next = NULL;
	size_t first, more = 0, printed = 0;
	size_t n = model_edges_of(m, d->f->members[from], &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &m->edges[i];
		size_t to = position(d, e->to);

		if (to == from && e->to_offset) /* into its own middle */
			continue;
		if (to == from + 1 && to < d->shown && !next)
			next = e;
		else if (to < d->shown && printed++ < MOST_POINTERS)
			print_pointer(d, e, from, to);
		else if (to < d->shown)
			more++;
	}
	if (more)
		fprintf(d->p->out, "        ... and %zu more pointers\n", more);
	if (next) {
		print_arrow(d, next);
		fputc('\n', d->p->out);
	}
}

static void print_member(struct drawing *d, size_t i)
{
	const struct printer *p = d->p;
	const struct rkn_block *b = &p->m->blocks[d->f->members[i]];
	char *name = names_object(p->names, d->f->members[i]);
	char *origin = print_origin(p, b->stack);
	char size[UNITS_SIZE];

	fprintf(p->out, "    %s%s%s%s  0x%" PRIx64 " [%s]\n",
		paint(p->colour, PAINT_STRONG), i ? "" : "ROOT CYCLE ", name,
		paint(p->colour, PAINT_PLAIN), b->address,
		units_bytes(size, b->size));
	fprintf(p->out, "        allocated by %s\n", origin);
	free(name);
	free(origin);
	print_pointers(d, i);
}

/* Cycles of other lengths are not drawn: say which one is. */
static void print_which(const struct printer *p, const struct finding *f)
{
	char text[UNITS_SIZE];

	fprintf(p->out, "    shown is %s, of %s:\n",
		f->member_count == f->most ? "the largest of them"
		: f->member_count > FINDING_DRAWN
		    ? "the first of them"
		    : "the largest that fits here",
		units_count(text, f->member_count, "object"));
}

void print_cycle(const struct printer *p, const struct finding *f)
{
	struct drawing d = { .p = p, .f = f, .shown = f->member_count };
	char text[UNITS_SIZE];

	if (d.shown > FINDING_DRAWN)
		d.shown = FINDING_DRAWN;
	if (f->least != f->most)
		print_which(p, f);
	for (size_t i = 0; i < d.shown; i++)
		print_member(&d, i);
	if (d.shown < f->member_count)
		fprintf(p->out, "    ... omitting %s of this cycle\n",
			units_count(text, f->member_count - d.shown,
				    "more member"));
}
