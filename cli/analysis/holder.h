/* SPDX-License-Identifier: MIT */
/* The pointer that keeps a possible leak, in words. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"
#include "reading.h"

#define HOLDER_SYMBOL 512 /* bytes of a symbol's name, longer ones are cut */

struct holder {
	const char *kind;   /* "block", "data", "stack", "register", "tls",
			       "map", "inherited", "loader" */
	uint64_t to_offset; /* where it points in the block held, bytes */
	uint64_t address;   /* of the pointer; 0: not in memory */
	uint32_t block;     /* that it is in; RKN_NONE: in none */
	uint64_t offset;    /* of the pointer in that block, bytes */
	const char *module; /* path, for data; NULL: not known */
	uint32_t tid;       /* for stack, register, tls; 0: not known */
	char symbol[HOLDER_SYMBOL]; /* "cache+0x18", for data; "": unknown */
	/* The variable and its field, see root_variable(); "": unknown. */
	char variable[HOLDER_SYMBOL];
};

/* What holds the block that `f` shows; false if that is not known. Texts live
 * as long as `in`. */
bool holder_find(struct holder *h, const struct finding *f,
		 const struct reading *in);

/* The same for root word `root`. */
void holder_of_root(struct holder *h, uint32_t root, const struct reading *in);

#endif
