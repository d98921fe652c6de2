/* SPDX-License-Identifier: MIT */
/* A C type as a program uses it: its fields, and where those of all live blocks
 * of the type point. */
#ifndef TYPE_VIEW_H
#define TYPE_VIEW_H

#include "obstacle.h"
#include "reading.h"

#define TYPE_VIEW_FIELDS 512u /* most that are listed of one type */

/* Where pointers in a field lead. */
struct type_target {
	const char *type; /* of the block, see names_block_type() */
	uint64_t count;
};

struct type_field {
	char *name;      /* "priv.list.next"; of a union without a name those of
			    its members: "number|text" */
	char *type;      /* "struct entry *" */
	uint64_t offset; /* bytes; of a bit field the byte of its first bit */
	uint64_t size;   /* bytes that it has something in */
	uint32_t bits;   /* of a bit field; 0: it is none */
	uint8_t bit; /* of a bit field: the first of that byte, 0 the lowest */
	bool pointers;               /* it has some, in all or in part */
	struct type_target *targets; /* most first */
	size_t target_count;
	uint64_t leading; /* elements in which it leads to a block */
	/* What would be free if it led nowhere in all of them. */
	uint64_t retained_objects, retained_bytes;
};

struct type_view {
	char *name; /* as names have it */
	uint64_t blocks;
	uint64_t bytes;
	uint64_t elements; /* of all blocks together */
	uint64_t size;     /* of one, bytes; 0: not known */
	uint64_t padding;  /* bytes of one that no field has; 0 if `partial` */
	uint64_t
	    padding_bits; /* more bits, in bytes where a field has others */
	bool partial;     /* not all fields are listed: virtual bases, and
				  what is declared only, are not */
	uint64_t others;  /* blocks of other types that are called so */
	uint64_t slack;   /* bytes of all blocks behind their last element */
	struct type_field *fields; /* ascending offset; none of text */
	size_t count;
	bool cut;                  /* there are more fields */
	const struct c_type *type; /* whose fields these are; NULL: none */
	bool open;       /* its last field is an array without a length */
	uint32_t *list;  /* the `blocks`, ascending */
	const char *why; /* retained sizes are not known; NULL: they are */
	char room[OBSTACLE_SIZE];
	/* What would be free if all of its blocks were, with them. */
	uint64_t retained_objects, retained_bytes;
};

/* The type that is called so, and arrays of it; false: no live block is of it. Types of the
 * program's own objects are not among them. */
bool type_view_make(struct type_view *v, const struct reading *in,
		    const char *name);
/* The field that byte `at` of a block of `type` is in, and of which element;
 * NULL: none. `type` is what block_types_of() says of one of the blocks. */
struct type_field *type_view_field(const struct type_view *v,
				   const struct block_type *type, uint64_t at,
				   uint64_t *element);
void type_view_release(struct type_view *v);

#endif
