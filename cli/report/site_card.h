/* SPDX-License-Identifier: MIT */
/* A function that blocks are named after, for people and for programs. */
#ifndef SITE_CARD_H
#define SITE_CARD_H

#include <jansson.h>

#include "report_print.h"
#include "subject.h"

/* `s` is of SUBJECT_SITE. */
void site_text(const struct printer *p, const struct subject *s);

/* A whole document of the schema refknot-report/1. */
json_t *site_json(const struct subject *s);

#endif
