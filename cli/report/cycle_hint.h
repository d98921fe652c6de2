/* SPDX-License-Identifier: MIT */
/* How to break a cycle, in words. */
#ifndef CYCLE_HINT_H
#define CYCLE_HINT_H

#include "cycle_round.h"
#include "report_print.h"

/* A member as a drawing has it, "struct session", or where its type is not known
 * "264 B from session_open"; the caller frees it. */
char *cycle_hint_member(const struct printer *p, const struct cycle_node *n);
/* The field that an arrow is, ".session", or "+0x20"; "" where the program did not
 * name it. The caller frees it. */
char *cycle_hint_field(const struct printer *p, const struct cycle_round *c,
		       uint32_t arrow);

/* "connection.session", of a reference that the program named; the caller frees
 * it. */
char *cycle_hint_reference(const struct printer *p,
			   const struct rkn_reference *r);

/* "clear or weaken connection.session: frees all 3 objects, 368 B, if it counts as a
 * reference", for the caller
 * to free; NULL: there is none. What it frees is left out where it is not
 * known that nothing else holds the cycle. */
char *cycle_hint(const struct printer *p, const struct finding *f,
		 const struct cycle_round *c);

#endif
