/* SPDX-License-Identifier: MIT */
#include "report_print.h"

void report_announce(const struct reading *in, const struct finding *f,
		     size_t most)
{
	const struct model *m = in->m;

	names_announce(in->names, f->members,
		       f->member_count < most ? f->member_count : most);
	for (size_t i = 0; i < f->member_count && i < most; i++) {
		uint32_t object = counts_object(in->counts, f->members[i]);

		if (object != RKN_NONE)
			names_announce(in->names, &object, 1);
	}
	if (f->held_by_edge != RKN_NONE)
		names_announce(in->names, &m->edges[f->held_by_edge].from, 1);
	if (f->undeclared != RKN_NONE) {
		names_announce(in->names, &m->edges[f->undeclared].from, 1);
		names_announce(in->names, &m->edges[f->undeclared].to, 1);
	}
}
