/* SPDX-License-Identifier: MIT */
/*
 * How long the blocks of a stack lived, in its counter: eight buckets of 15 bits, of
 * which all are halved when one is full, so that early frees count as much as late
 * ones (docs/timeline.md).  Only the thread whose counter it is adds to it; others
 * may read it meanwhile.  May run inside free and in a signal handler.
 */
#ifndef LIVES_H
#define LIVES_H

#include <stdint.h>

/* `weight` blocks lived for so many births; as good as random: `random`, another
 * one each time. */
void lives_add(uint16_t lives[8], uint64_t births, uint32_t weight,
	       uint32_t random);

#endif
