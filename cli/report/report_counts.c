/* SPDX-License-Identifier: MIT */
/*
 * The counts of std::shared_ptr, Rc and Arc, as a person reads them:
 *
 *     use count 2, weak count 0; only 1 pointer to it: 1 reference was not given back
 */
#include <stdlib.h>

#include "die.h"
#include "report_print.h"
#include "units.h"

/* References that no pointer in memory is: certain only if all of it was seen. */
static uint32_t missing(const struct reading *in, const struct finding *f,
			uint32_t block, const struct block_counts *c)
{
	uint32_t pointers = counts_pointers(in->counts, block);

	if ((f->kind != FINDING_CYCLE && f->kind != FINDING_LEAK) ||
	    finding_confidence(f, in->m) != finding_kinds[f->kind].confidence)
		return 0;
	return c->strong > pointers ? c->strong - pointers : 0;
}

char *print_counts_text(const struct printer *p, const struct finding *f,
			uint32_t block)
{
	char *text, *all, pointers[UNITS_SIZE], references[UNITS_SIZE];
	struct block_counts c;
	uint32_t left;

	if (!counts_of(p->in->counts, block, &c))
		return NULL;
	text = counts_text(&c);
	left = f ? missing(p->in, f, block, &c) : 0;
	if (!left)
		return text;
	units_count(pointers, counts_pointers(p->in->counts, block), "pointer");
	units_count(references, left, "reference");
	all = xasprintf("%s; %s%s to it: %s %s not given back", text,
			left < c.strong ? "only " : "no ",
			left < c.strong ? pointers : "pointer", references,
			left == 1 ? "was" : "were");
	free(text);
	return all;
}

bool print_shared_counts(const struct printer *p, const struct finding *f,
			 uint32_t block, const char *before)
{
	char *text = print_counts_text(p, f, block);
	bool counted = text;

	if (counted)
		fprintf(p->out, "%s%s", before, text);
	free(text);
	return counted;
}

bool print_points_at_itself(const struct printer *p, uint32_t block)
{
	const struct rkn_edge *edges = p->in->m->edges;
	size_t first, n = model_edges_of(p->in->m, block, &first);

	for (size_t i = first; i < first + n; i++)
		if (edges[i].to == block && !edges[i].to_offset &&
		    !counts_is_weak(p->in->counts, &edges[i]))
			return true;
	return false;
}
