/* SPDX-License-Identifier: MIT */
/* Why an object is alive, or that it is not, for people and for programs. */
#ifndef WHY_CARD_H
#define WHY_CARD_H

#include <jansson.h>

#include "block_view.h"
#include "report_print.h"
#include "subject.h"

/* `o` is of the subject's recording. */
void why_text(const struct printer *p, const struct subject *s,
	      const struct block_view *o);

/* Sets "state" and "finding" in an object's document. */
void why_json(json_t *object, const struct subject *s,
	      const struct block_view *o);

#endif
