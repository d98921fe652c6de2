/* SPDX-License-Identifier: MIT */
/* Names of fields for many pointers: those of one type and offset are found once. */
#ifndef FIELD_NAMES_H
#define FIELD_NAMES_H

#include "fields.h"

#define FIELD_NAMES 4096 /* that are kept */

struct field_names {
	struct block_types *types;
	struct field_slot {
		const struct c_type *type;
		uint64_t offset;
		bool array;
		char *name;
	} slots[FIELD_NAMES];
};

/* field_of_block(), but "" where that is NULL. Lives until the next call. `types`
 * is set, and all else 0 at first. */
const char *field_names_find(struct field_names *f, uint32_t block,
			     uint64_t offset);
void field_names_release(struct field_names *f);

#endif
