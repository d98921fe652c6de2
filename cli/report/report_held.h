/* SPDX-License-Identifier: MIT */
/* Holders that ended without giving back, and objects that are in no finding.
 */
#ifndef REPORT_HELD_H
#define REPORT_HELD_H

#include <jansson.h>

#include "pooled.h"
#include "report_print.h"

/* Prints "held by Array#1, which ..."; nothing if there is none. */
void print_ended_holders(const struct printer *p, const struct finding *f);
/* The same of a finding, as an array. */
json_t *ended_holders_json(const struct model *m, struct symbols *s,
			   struct names *n, const struct finding *f);

/* Prints "3 objects inside larger blocks ..."; nothing if there is none. */
void print_pooled(const struct printer *p, const struct findings *f);
/* An array, one for each type. */
json_t *pooled_json(const struct model *m, struct symbols *s, struct names *n,
		    const struct findings *f);

#endif
