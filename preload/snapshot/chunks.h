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
#include "leftovers.h"
#include "maps.h"
#include "pages.h"

/* Take those blocks out of the list, not indexed yet: how many they were.
 * `maps` are all mappings, ascending. */
uint32_t chunks_sift(struct blocks *b, const struct map *maps, uint32_t count);

/* The address of each block that is free and whose chunk's header does not say
 * so: it is in a fast bin, or in the cache of a thread that was an arena's first.
 * Only with glibc's malloc. */
typedef void chunks_visit(uint64_t block, bool cached, void *data);
void chunks_free(const struct map *maps, uint32_t count, chunks_visit *visit,
		 void *data);

/*
 * All blocks from `start` on, in mapping `map`, of which the chunks' headers do
 * not say that they are free: each from its start to its chunk's end, in order.
 * An arena, or a part of one, begins at `start`; *done is where it ends. False,
 * and nothing was visited: it does not, or its chunks are not in order.
 */
typedef void chunks_visit_used(uint64_t start, uint64_t end, void *data);
bool chunks_used(const struct map *map, uint64_t start, uint64_t *done,
		 chunks_visit_used *visit, void *data);

/* The same of all threads' caches in what begins at `start`: see chunks_used(),
 * also for the rest. */
bool chunks_cached(const struct map *maps, uint32_t count,
		   const struct map *map, uint64_t start, uint64_t *done,
		   chunks_visit *visit, void *data);

/*
 * All of `map`, which is all of [heap], that is in no chunk of the first arena:
 * what somebody else moved the break for, in order. Nothing is visited where
 * the arena cannot be followed. `b` spares reading the chunks of live blocks.
 */
void chunks_others(const struct blocks *b, const struct map *map,
		   struct pages *pages, chunks_visit_used *visit, void *data);

#endif
