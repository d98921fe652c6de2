/* SPDX-License-Identifier: MIT */
/*
 * Collapsed stacks (Brendan Gregg's flamegraph.pl): "main;parse;node 48", the
 * outermost function first, a line for each stack that has any of the value.
 */
#include <inttypes.h>

#include "export.h"

/* What separates frames is not in a name, and no name is empty. */
static void write_name(FILE *out, const char *name)
{
	if (!*name)
		fputs("[unknown]", out);
	for (; *name; name++)
		putc(*name == ';' ? ':' : *name, out);
}

void export_folded(FILE *out, const struct exporting *e)
{
	const struct profile *p = e->profile;

	for (size_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];

		if (!s->value[e->value])
			continue;
		for (size_t d = s->count; d-- > 0;) {
			write_name(out, p->frames[p->path[s->first + d]].name);
			putc(d ? ';' : ' ', out);
		}
		fprintf(out, "%" PRIu64 "\n", s->value[e->value]);
	}
}
