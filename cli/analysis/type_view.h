/* SPDX-License-Identifier: MIT */
/* A C type as a program uses it: its fields, and where those of all live blocks
 * of the type point. */
#ifndef TYPE_VIEW_H
#define TYPE_VIEW_H

#include "reading.h"

#define TYPE_VIEW_FIELDS 512u /* most that are listed of one type */

/* Where pointers in a field lead. */
struct type_target {
	const char *type; /* of the block, see names_block_type() */
	uint64_t count;
};

struct type_field {
	char *name;      /* "priv.list.next" */
	char *type;      /* "struct entry *" */
	uint64_t offset; /* bytes */
	uint64_t size;
	bool pointers;               /* it has some, in all or in part */
	struct type_target *targets; /* most first */
	size_t target_count;
	uint64_t leading; /* elements in which it leads to a block */
};

struct type_view {
	char *name; /* as names have it */
	uint64_t blocks;
	uint64_t bytes;
	uint64_t elements; /* of all blocks together */
	uint64_t size;     /* of one, bytes; 0: not known */
	uint64_t padding;  /* bytes of one that no field has; 0 if `partial` */
	bool partial;      /* not all fields are listed: bit fields, and what
			      is declared only, are not */
	uint64_t others;   /* blocks of other types that are called so */
	uint64_t slack;    /* bytes of all blocks behind their last element */
	struct type_field *fields; /* ascending offset; none of text */
	size_t count;
	bool cut;                  /* there are more fields */
	const struct c_type *type; /* whose fields these are; NULL: none */
	bool open; /* its last field is an array without a length */
};

/* The type that is called so, and arrays of it; false: no live block is of it. Types of the
 * program's own objects are not among them. */
bool type_view_make(struct type_view *v, const struct reading *in,
		    const char *name);
void type_view_release(struct type_view *v);

#endif
