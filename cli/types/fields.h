/* SPDX-License-Identifier: MIT */
/*
 * Where in a block or in a variable a pointer is, as a program has it:
 * "session->peer" without the block is "peer", an element of an array "[3].next".
 * All die when out of memory; the caller frees texts, which are as the debug
 * information has them: not escaped.  The pointers in a counted reference
 * (counted.h) have its name: "child", not "child._M_ptr".
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stdint.h>

#include "block_types.h"

/* Of byte `offset` of `block`: "priv.list.next", "name+0x3"; "" for a type that
 * has no parts; NULL: its type is not known, or has nothing there. */
char *field_of_block(struct block_types *t, uint32_t block, uint64_t offset);

/* Where the pointer `e` leads, likewise: the whole structure, element or array that
 * begins there, not its first field, unless the pointer is declared to point at
 * the type of that. */
char *field_of_target(struct block_types *t, const struct model *m,
		      const struct rkn_edge *e);

/* What the pointer at byte `offset` of `block` does, by its type: one of a
 * std::shared_ptr keeps what it leads to. */
enum counted_hold field_hold(struct block_types *t, uint32_t block,
			     uint64_t offset);

/* The same of a root's, by the variable that it is in. */
enum counted_hold field_hold_of_root(struct block_types *t,
				     const struct rkn_root *root);

/* ".peer", "[3].next", or where that is not known "+0x8", counted from byte
 * `start` of the block: for people, control characters escaped. */
char *field_mark(struct block_types *t, uint32_t block, uint64_t offset,
		 uint64_t start);

/* The same of where `e` leads. */
char *field_target_mark(struct block_types *t, const struct model *m,
			const struct rkn_edge *e, uint64_t start);

/* Of byte `offset` of a variable: with the dot, "", ".list.next", "[2]", "+0x3".
 */
char *field_of_variable(const struct c_type *type, uint64_t offset);

#endif
