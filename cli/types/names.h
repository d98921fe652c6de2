/* SPDX-License-Identifier: MIT */
/*
 * The names of blocks.  A block that is an object of the program's (see
 * block_objects.h) has its type's name and its number in it: "Session#17".  Any
 * other block has its C type's (block_types.h), "struct session", or where that
 * is not known the name of the call that made it, "calloc in FUNC"; and as an
 * object "calloc in FUNC#3": the third to be allocated of the live blocks of
 * that type.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "block_types.h"
#include "symbols.h"

struct names;

/* All must outlive the result. */
struct names *names_open(const struct model *m, struct symbols *s,
			 struct block_types *t);
void names_close(struct names *n);

/* The type of blocks from `stack`: control characters escaped; lives as long
 * as `n`. Equal types have the same pointer. names_call() if live ones have
 * several, or none that is known. */
const char *names_type(struct names *n, uint32_t stack);

/* "calloc in FUNC" likewise, whatever their C type is: the call (allocator.h) and
 * the site. */
const char *names_call(struct names *n, uint32_t stack);

/* "malloc in FUNC" likewise, whatever the call was, and by the names of functions
 * only: what version 0.1 called them. Files that people keep have it. */
#define NAMES_BEFORE "malloc in "
const char *names_type_before(struct names *n, uint32_t stack);

/* The type of `block`, likewise. */
const char *names_block_type(struct names *n, uint32_t block);

/* The object that `block` is, see block_objects_object(); 0 if it is none. */
uint32_t names_object_at(const struct names *n, uint32_t block);

/* Whether `block` is an object, or has some in it. */
bool names_has_objects(const struct names *n, uint32_t block);
/* See block_objects_part. */
uint64_t names_part(const struct names *n, uint32_t object, uint64_t *start);

/* "Session#17" of an object by number, alive or not; the caller frees it. */
char *names_of(struct names *n, uint32_t object);
/* The type called `number`: "Session"; lives as long as `n`. */
const char *names_type_called(struct names *n, uint32_t number);

/*
 * Announces which blocks will be asked for: a number costs a pass over all
 * blocks, which is made once for all that were announced before.
 */
void names_announce(struct names *n, const uint32_t *blocks, size_t count);

/* "TYPE#N" of an announced block; the caller frees it. */
char *names_object(struct names *n, uint32_t block);

#endif
