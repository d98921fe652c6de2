/* SPDX-License-Identifier: MIT */
/*
 * JSON documents of the schema refknot-report/1, as refknot-report.schema.json
 * describes them: what all commands write alike.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <jansson.h>
#include <stdio.h>

#include "findings.h"
#include "groups.h"

/*
 * A document about the process and what was not recorded; `types` and `regions`
 * are empty. `f` NULL: findings were not asked for.
 */
json_t *document_new(const struct model *m, struct symbols *s,
		     const struct findings *f);

/* Appends to `types` the groups list[0 .. limit), and one "(other)" for the
 * rest if there is any; limit 0: all. */
void document_add_types(json_t *document, const struct groups *g, size_t limit);

/* Documents on their way out: one as it is, several as refknot-reports/1. */
struct documents {
	json_t *list; /* array */
	bool several; /* asked for, whatever could be read */
};
void documents_init(struct documents *d, size_t asked);
/* Takes `document`. */
void documents_add(struct documents *d, json_t *document);
/* Writes them and releases all; nothing if there is none. Dies if `out` cannot
 * be written. */
void documents_write(struct documents *d, FILE *out);

/* object[key] = value; takes `value`; dies when out of memory. */
void document_set(json_t *object, const char *key, json_t *value);
/* The same for array's end. */
void document_append(json_t *array, json_t *value);

#endif
