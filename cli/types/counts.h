/* SPDX-License-Identifier: MIT */
/*
 * The counts of references of objects that std::shared_ptr, Rc or Arc own,
 * wherever they stand: in the same block, or in one that leads to the object, a
 * control block.  Found when they are first asked for.  All die when out of
 * memory; NULL stands for a recording that has none.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "block_types.h"

struct counts;

/* Both must outlive the result. */
struct counts *counts_open(const struct model *m, struct block_types *t);
void counts_close(struct counts *c);

/* The counts of the object in `block`, or of that which `block` is the control
 * block of. False: it has none, or they are not known. */
bool counts_of(struct counts *c, uint32_t block, struct block_counts *counts);

/* The block of the object that `block` is the control block of; RKN_NONE: it is
 * none, or its object is not known. */
uint32_t counts_object(struct counts *c, uint32_t block);

/* Whether the pointer is one of a weak reference to what strong ones keep, so that
 * it keeps nothing itself. */
bool counts_is_weak(struct counts *c, const struct rkn_edge *e);
/* The same of a variable outside of functions. */
bool counts_root_is_weak(struct counts *c, const struct rkn_root *r);

/* Whether the pointer is one of a strong reference to an object whose counts are
 * known. */
bool counts_is_strong(struct counts *c, const struct rkn_edge *e);

/* How many pointers there are that may be strong references of the object whose
 * counts counts_of() gives: those that are not known to be weak. */
uint32_t counts_pointers(struct counts *c, uint32_t block);

/* "use count 2, weak count 1"; the caller frees it. */
char *counts_text(const struct block_counts *counts);

#endif
