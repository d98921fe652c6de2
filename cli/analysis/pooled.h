/* SPDX-License-Identifier: MIT */
/*
 * Objects inside larger blocks, as pools have them, alive with references at
 * the end: no pointer to a block shows which of its objects are in use, so that
 * no finding is about them.
 */
#ifndef POOLED_H
#define POOLED_H

#include "findings.h"

/* The objects of one type. */
struct pooled_kind {
	const char *type; /* lives as long as the names */
	uint32_t *objects;
	size_t count;
	uint64_t references; /* on them */
};

struct pooled {
	struct pooled_kind *list; /* the most objects first */
	size_t count;
	uint64_t objects; /* of all kinds */
};

/* Whether it is one of them. It may be in a finding all the same. */
bool pooled_is(const struct reading *in, const struct findings *f,
	       uint32_t object);

/* Those that are in no finding of `f`. Dies when out of memory. */
void pooled_make(struct pooled *p, const struct reading *in,
		 const struct findings *f);
void pooled_release(struct pooled *p);

#endif
