/* SPDX-License-Identifier: MIT */
/*
 * The counts of std::shared_ptr, Rc and Arc, as a person reads them:
 *
 *     use count 2, weak count 0; only 1 pointer to it: 1 reference was not given back
 */
#include <stdlib.h>

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

bool print_shared_counts(const struct printer *p, const struct finding *f,
			 uint32_t block, const char *before)
{
	char *text, pointers[UNITS_SIZE], references[UNITS_SIZE];
	struct block_counts c;
	uint32_t left;

	if (!counts_of(p->in->counts, block, &c))
		return false;
	text = counts_text(&c);
	fprintf(p->out, "%s%s", before, text);
	free(text);
	left = f ? missing(p->in, f, block, &c) : 0;
	if (!left)
		return true;
	units_count(pointers, counts_pointers(p->in->counts, block), "pointer");
	units_count(references, left, "reference");
	if (left < c.strong)
		fprintf(p->out, "; only %s to it", pointers);
	else
		fputs("; no pointer to it", p->out);
	fprintf(p->out, ": %s %s not given back", references,
		left == 1 ? "was" : "were");
	return true;
}
