/* SPDX-License-Identifier: MIT */
/*
 * The balance by caller on a card:
 *
 *     balance by caller: reader2 +1, load +1, unload -1; not certain whose 1
 *     reference is left:
 *       +1  taken obj_ref at x.c:9 (x), called by reader2 at x.c:20 (x)
 *       +1  made obj_new at x.c:5 (x), called by load at x.c:30 (x)
 *       -1  given back by obj_unref at x.c:12 (x), called by unload at x.c:35 (x)
 */
#include <inttypes.h>
#include <stdlib.h>

#include "callers.h"
#include "place.h"
#include "report_print.h"
#include "units.h"

#define MOST_NAMES 8

static int64_t net_of(const struct callers_row *r)
{
	return (int64_t)r->taken - (int64_t)r->given;
}

/* " by Session#1, which has ended": the holder of the reference that is
 * left. */
static void print_holder_of(const struct printer *p,
			    const struct callers_row *r)
{
	const struct rkn_reference *first;
	char *name;

	if (r->reference == RKN_NONE)
		return;
	first = &p->in->m->references[r->reference];
	if (r->taken > 1 || !first->from) {
		fputs(r->ended ? " by holders that have ended"
			       : " by holders that are named",
		      p->out);
		return;
	}
	name = names_of(p->in->names, first->from);
	fprintf(p->out, " by %s%s", name, r->ended ? ", which has ended" : "");
	free(name);
}

static void print_names(const struct printer *p, const struct callers *c)
{
	for (size_t i = 0; i < c->count && i < MOST_NAMES; i++) {
		const struct callers_row *r = &c->rows[i];
		char *name = place_function(r->place);
		char *within = r->within ? place_function(r->within) : NULL;

		fprintf(p->out, "%s%s%s%s %+" PRId64, i ? ", " : "", name,
			within ? " in " : "", within ? within : "", net_of(r));
		print_holder_of(p, r);
		free(within);
		free(name);
	}
	if (c->count > MOST_NAMES)
		fputs(", ...", p->out);
}

static void print_row(const struct printer *p, const struct callers_row *r,
		      const char *indent)
{
	char *origin = print_origin(p, r->stack);

	fprintf(p->out, "%s  %+" PRId64 "  %s %s", indent, net_of(r),
		net_of(r) < 0 ? "given back by"
		: r->maker    ? "made"
			      : "taken",
		origin);
	if (r->taken && r->given)
		fprintf(p->out, " (%" PRIu64 " taken, %" PRIu64 " given back)",
			r->taken, r->given);
	print_holder_of(p, r);
	if (r->certain)
		fprintf(p->out, "; certain: %" PRIu64, r->certain);
	fputc('\n', p->out);
	print_outer(p, r->stack, indent);
	free(origin);
}

void print_callers(const struct printer *p, const uint32_t *objects,
		   size_t count, bool rows, const char *indent)
{
	char left[UNITS_SIZE];
	struct callers c;

	callers_make(&c, p->in, objects, count);
	if (c.count) {
		fprintf(p->out, "%sbalance by caller", indent);
		if (count == PRINT_CALLERS)
			fprintf(p->out, " of the first %zu objects", count);
		fputs(": ", p->out);
		print_names(p, &c);
		if (c.lost)
			fputs("; not all calls are known", p->out);
		else if (c.certain == c.left)
			fputs("; this is certain", p->out);
		else if (c.certain)
			fprintf(
			    p->out,
			    "; of %s that are left, %" PRIu64 " can be proved",
			    units_count(left, c.left, "reference"), c.certain);
		else
			fprintf(p->out, "; not certain whose %s left",
				c.left == 1 ? "is" : "are");
		fputs(rows ? ":\n" : "\n", p->out);
		for (size_t i = 0; rows && i < c.count; i++)
			print_row(p, &c.rows[i], indent);
	}
	callers_release(&c);
}
