/* SPDX-License-Identifier: MIT */
/* What the writers of JSON share. */
#ifndef EXPORT_JSON_H
#define EXPORT_JSON_H

#include <jansson.h>

#include "export.h"

/* Writes the document, and releases it. */
void export_json(FILE *out, json_t *document);
/* Writes `text` as a JSON string: what is not UTF-8 is U+FFFD. */
void export_json_text(FILE *out, const char *text);

#endif
