/* SPDX-License-Identifier: MIT */
/*
 * Pointers into the middle of a block of which the block itself tells that they
 * are meant, as C++ compilers make them (Itanium C++ ABI): to the first element
 * behind an array's count, and to a base class's part of an object.  Contents
 * stay in the process: a reader gets the place alone.
 */
#ifndef INNER_H
#define INNER_H

#include <stdint.h>

struct picture;

/* A pointer leads to `offset`, which is not 0, of block number `block`: note the
 * place if it is such a one. Most places are noted once. */
void inner_note(struct picture *p, uint32_t block, uint64_t offset);

#endif
