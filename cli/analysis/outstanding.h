/* SPDX-License-Identifier: MIT */
/* The references that are not given back on some objects, by place and kind of
 * holder. */
#ifndef OUTSTANDING_H
#define OUTSTANDING_H

#include "reading.h"

#define OUTSTANDING_HOLDERS 3 /* that are named */

struct outstanding_row {
	uint64_t count;
	uint32_t stack; /* where they were taken, or one like it */
	uint32_t field;
	uint32_t holder_type; /* name; 0: no object is named as holder */
	uint32_t first;       /* of them: index into m->references */
	/* The objects that hold them: how many, and the first few. */
	uint64_t holders;
	uint32_t holder[3]; /* OUTSTANDING_HOLDERS */
	bool maker;         /* those of the objects' makers */
	bool ended;         /* the holders have ended */
};

struct outstanding {
	struct outstanding_row *rows; /* most first */
	size_t count;
	uint64_t total; /* references */
};

/* References on one object. */
uint64_t outstanding_on(const struct model *m, uint32_t object);

/* Dies when out of memory. Links and weak edges are not references. */
void outstanding_make(struct outstanding *o, const struct reading *in,
		      const uint32_t *objects, size_t count);
void outstanding_release(struct outstanding *o);

#endif
