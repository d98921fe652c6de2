/* SPDX-License-Identifier: MIT */
/*
 * Pointers into the middle of a block that keep the block, by the block's own
 * contents, as C++ compilers make them (Itanium C++ ABI): to the first element
 * behind an array's count, and to a base class's part of an object.  Contents
 * stay in the process: a reader only gets the place.
 */
#ifndef INNER_H
#define INNER_H

#include <stdint.h>

struct picture;

/* A pointer leads to `offset`, which is not 0, of block number `block`: notes
 * the place if it is such a one. Most places are noted once. */
void inner_note(struct picture *p, uint32_t block, uint64_t offset);

#endif
