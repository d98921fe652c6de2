/* SPDX-License-Identifier: MIT */
/* What grows in regions, against what was accepted of that. */
#include <string.h>

#include "baseline.h"

#define CLEARLY 1.25 /* times as much a pass is more, */
#define OBJECTS 1.0  /* beyond so many in all passes, which may be chance, */
#define BYTES   64.0

static bool is_more(uint64_t now, uint64_t passes, uint64_t then,
		    uint64_t passes_then, double chance)
{
	double expected = (double)then / (double)passes_then * (double)passes;

	return (double)now > CLEARLY * expected + chance;
}

void baseline_apply_growth(struct baseline *b, struct baseline_growth *list,
			   size_t count, bool asked)
{
	b->growth_asked = asked;
	b->growth = list;
	b->growth_count = count;
	for (size_t i = 0; i < count; i++) {
		list[i].entry = NULL;
		list[i].accepted = false;
	}
	for (size_t k = 0; k < b->count; k++) {
		struct baseline_entry *e = &b->list[k];

		if (strcmp(e->kind, BASELINE_GROWTH) != 0)
			continue;
		e->seen = e->accepts = !asked;
		for (size_t i = 0; i < count; i++) {
			if (strcmp(list[i].signature, e->signature) != 0)
				continue;
			e->seen = e->accepts = true;
			list[i].entry = e;
			list[i].accepted =
			    !is_more(list[i].objects, list[i].passes, e->count,
				     e->passes, OBJECTS) &&
			    !is_more(list[i].bytes, list[i].passes, e->bytes,
				     e->passes, BYTES);
		}
	}
}
