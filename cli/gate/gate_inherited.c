/* SPDX-License-Identifier: MIT */
#include "gate_inherited.h"

#include "die.h"
#include "units.h"

/* Where no check was made nothing was searched. */
void gate_inherited_add(struct gate *g, const struct model *m)
{
	g->forked += m->limits[RKN_LIMIT_INHERITED] != 0;
	g->inherited_bytes += m->limits[RKN_LIMIT_INHERITED_BYTES];
}

char *gate_inherited_text(const struct gate *g)
{
	char size[UNITS_SIZE];
	bool one = g->forked == 1;

	if (!g->forked)
		return NULL;
	return xasprintf(
	    "%zu of %zu process%s %s forked: %s that %s inherited counted as held (roots); a pointer that is left there may hide a leak",
	    g->forked, g->process_count, g->process_count == 1 ? "" : "es",
	    one ? "was" : "were", units_bytes(size, g->inherited_bytes),
	    one ? "it" : "they");
}
