/* SPDX-License-Identifier: MIT */
/*
 * Whose references are left: the functions that took one which was not given
 * back, or may be the ones (callers.h).  A finding about references is known by
 * what its objects are and where they were made; this distinguishes a release
 * that another function forgot from the accepted one.  As a baseline has it, in
 * the order of strcmp():
 *
 *   takers=cache_get,session_open
 */
#ifndef TAKERS_H
#define TAKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "callers.h"

struct takers {
	char **names; /* ascending, each once */
	size_t count; /* 0: they are not known */
	bool lost;    /* of a part they are not; then of none */
};

/* Adds those of `c`; if not all calls are known, or one's function is not,
 * there are none from then on. */
void takers_add(struct takers *t, const struct callers *c);
/* Adds those of `other`; if one of the two is not known, `t` becomes the one
 * that is. */
void takers_unite(struct takers *t, const struct takers *other);
void takers_release(struct takers *t);

/* The first of `t` that is not among `known`; NULL: all are, or one of the two
 * is not known. */
const char *takers_stranger(const struct takers *t, const struct takers *known);

/* Reads "cache_get,session_open"; false if `text` is not such a list. */
bool takers_parse(struct takers *t, const char *text);
void takers_print(FILE *out, const struct takers *t);

#endif
