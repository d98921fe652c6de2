/* SPDX-License-Identifier: MIT */
/* What a recording lacks and a gate needs. */
#ifndef GATE_GAP_H
#define GATE_GAP_H

#include "findings.h"

/* Clauses without semicolons, for the caller to free. */
struct gate_gap {
	char *text; /* why the result cannot be relied on; NULL: it can, but
			 for the next */
	/* What that means and what avoids it, as in struct verdict_gap; they
	 * live for ever. NULL: not known. */
	const char *consequence, *remedy;
	char *killed; /* how the process was killed; NULL: it was not */
	bool fatal;   /* only by SIGKILL: it might have been looked at */
};

struct gate_gap gate_gap(const struct model *m, const struct findings *f);

#endif
