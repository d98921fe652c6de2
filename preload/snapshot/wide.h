/* SPDX-License-Identifier: MIT */
/*
 * What records of pointers have no room for: offsets of 4 GiB and more, and
 * which places in blocks keep the block (see inner.h).  It is kept beside the
 * records while a snapshot is taken, as only one of the store's tables can grow
 * at a time, and put into the store when that has all pointers.
 */
#ifndef WIDE_H
#define WIDE_H

#include <stdint.h>

#include <refknot/format.h>

struct picture;

/* `n`, or the value that means "see the wide ones" in a record. */
static inline uint32_t wide_narrow(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Notes the last edge or root that was added to the picture. Without memory
 * that stays as it is: "so much, or more". */
void wide_note(struct picture *p, enum rkn_wide_kind kind, uint64_t from_word,
	       uint64_t to_offset);

/* Notes place `offset` in block number `block`: RKN_WIDE_ARRAY or
 * RKN_WIDE_BASE. Without memory it stays unknown. */
void wide_note_place(struct picture *p, enum rkn_wide_kind kind, uint32_t block,
		     uint64_t offset);

/* All pointers are in the store: puts these there, too. */
void wide_finish(struct picture *p);

#endif
