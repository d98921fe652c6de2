/* SPDX-License-Identifier: MIT */
/*
 * glibc's own view of the blocks: a recorded block whose memory the allocator
 * has back was freed where refknot could not see it.  The headers before and
 * behind a chunk say so, and the lists of those that keep their headers as they
 * were.  Only while no thread runs; nothing is changed, and memory is read only
 * where a mapping is.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include "blocks.h"
#include "maps.h"

/* Take those blocks out of the list, not indexed yet: how many they were.
 * `maps` are all mappings, ascending. */
uint32_t chunks_sift(struct blocks *b, const struct map *maps, uint32_t count);

#endif
