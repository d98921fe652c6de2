/* SPDX-License-Identifier: MIT */
/* A C type as a program uses it, for people and for programs. */
#ifndef TYPE_CARD_H
#define TYPE_CARD_H

#include <jansson.h>

#include "report_print.h"
#include "type_view.h"

void type_text(const struct printer *p, const struct type_view *v);

/* A whole document of the schema refknot-report/1. */
json_t *type_json(const struct reading *in, const struct type_view *v);

#endif
