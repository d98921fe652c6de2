/* SPDX-License-Identifier: MIT */
/* What sourced.c found out of one module, which the cache keeps but for `units`.
 * All die when out of memory. */
#ifndef SOURCE_NOTES_H
#define SOURCE_NOTES_H

#include <stdbool.h>
#include <time.h>

#include "md5.h"
#include "source_types.h"

struct source_sum { /* a file that calls are in */
	char *file;
	bool known; /* the line table has its sum */
	unsigned char sum[MD5_SIZE];
	UT_hash_handle hh;
};

struct source_meaning { /* of a text at a call */
	char *key; /* the call's address, number of its location, the text */
	const struct c_type *type; /* NULL: it is not known */
	UT_hash_handle hh;
};

struct source_notes { /* all zero: nothing is known yet */
	struct source_sum *sums;
	struct source_meaning *meanings;
	struct source_unit *units;
	bool dated;            /* `built` was asked for */
	struct timespec built; /* the module's last change; 0: not known */
};

/* All is zero then. */
void source_notes_release(struct source_notes *n);

#endif
