/* SPDX-License-Identifier: MIT */
/*
 * A holder that gave away what it did not have: both holders, and what each
 * did, as text and as JSON.
 */
#ifndef WRONG_HOLDER_H
#define WRONG_HOLDER_H

#include <jansson.h>

#include "report_print.h"

/* Lines of a card. `e` is of one of the three kinds. */
void wrong_holder_print(const struct printer *p, const struct rkn_error *e);

/* Sets in `o` what is known of both; null for errors of other kinds. */
void wrong_holder_json(json_t *o, const struct model *m, struct symbols *s,
		       struct names *n, const struct rkn_error *e);

#endif
