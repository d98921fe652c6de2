/* SPDX-License-Identifier: MIT */
/*
 * JSON documents of the schema refknot-report/1, as refknot-report.schema.json
 * describes them: what all commands write alike.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "findings.h"
#include "groups.h"
#include "holder.h"
#include "reading.h"

/*
 * A document about the process and what was not recorded; `types` and `regions`
 * are empty. `f` NULL: findings were not asked for.
 */
json_t *document_new(const struct reading *in, const struct findings *f);

/* Appends to `types` the groups list[0 .. limit), and one "(other)" for the
 * rest if there is any; limit 0: all. `retained`: with retained sizes, null where
 * they are not known. */
void document_add_types(json_t *document, const struct groups *g, size_t limit,
			bool retained);

#define DOCUMENT_INDENT 1 /* blanks a level */
/* Of a document, perhaps a text: of `struct json_values`, not an array of them. A
 * finding's tree takes ten times what its text takes. */
#define DOCUMENT_FINDINGS "findings"

/* Documents to write: one as it is, several as refknot-reports/1. */
struct documents {
	json_t *list;    /* array */
	bool several;    /* several were asked for, whatever could be read */
	json_t *summary; /* of the run that they are of: then they are several,
			    even if there is none; NULL: it is of none */
};
void documents_init(struct documents *d, size_t asked);
/* Takes `document`. */
void documents_add(struct documents *d, json_t *document);
/* Writes them and releases all; nothing if there is none, and no summary. Dies if `out` cannot
 * be written. */
void documents_write(struct documents *d, FILE *out);

/* object[key] = value; takes `value`; dies when out of memory. Here and below `key`
 * is UTF-8. */
void document_set(json_t *object, const char *key, json_t *value);
/* The same for array's end. */
void document_append(json_t *array, json_t *value);
void document_count(json_t *object, const char *key, uint64_t count);
/* null unless `known`. */
void document_known(json_t *object, const char *key, bool known,
		    uint64_t count);
void document_flag(json_t *object, const char *key, bool value);
/* `text` NULL: null. */
void document_text(json_t *object, const char *key, const char *text);
/* The same; frees `text`. */
void document_take(json_t *object, const char *key, char *text);
/* object["field"]: the name of `field`; null: 0. */
void document_field(json_t *object, const struct model *m, uint32_t field);

/* What holds a block; `in` NULL: without the block that has the pointer. */
json_t *document_holder(const struct holder *h, const struct reading *in);
/* Where a pointer is and where it leads: "offset", "field", "to_offset",
 * "to_field". */
void document_edge(json_t *o, const struct reading *in,
		   const struct rkn_edge *e);

/* One frame of a stack. */
/* The counts of the object in `block`, or that it counts the references of; null:
 * it has none. What is counted was announced. */
json_t *document_counts(const struct reading *in, uint32_t block);
/* What the pointer is: "scanned", or by its type "strong" or "weak". */
const char *document_hold(const struct reading *in, const struct rkn_edge *e);

json_t *document_location(const struct location *l);
/* An array of frames, the innermost first. */
json_t *document_stack(const struct reading *in, uint32_t number);
/* The outstanding references of objects, an array of rows, most first. */
json_t *document_outstanding(const struct reading *in, const uint32_t *objects,
			     size_t count);
/* Their balance by caller; null: no objects. */
json_t *document_callers(const struct reading *in, const uint32_t *objects,
			 size_t count);

#endif
