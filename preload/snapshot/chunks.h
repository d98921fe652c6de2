/* SPDX-License-Identifier: MIT */
/*
 * glibc's own view of the blocks: a recorded block whose memory the allocator
 * has back was freed where refknot could not see it.  The headers before and
 * behind a chunk say so, and the lists of those that keep their headers as they
 * were.  Only while no thread runs; it changes nothing, and reads memory only
 * where a mapping is.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include "blocks.h"
#include "leftovers.h"
#include "maps.h"
#include "pages.h"

/*
 * Takes those blocks out of the list, which is not indexed yet. Returns how
 * many they were. `maps` are all mappings, ascending. `slack` gets the blocks that
 * stay with a larger chunk than they need; NULL: it is not asked.
 */
struct picture_list;
uint32_t chunks_sift(struct blocks *b, const struct map *maps, uint32_t count,
		     struct picture_list *slack);

/*
 * Visits each part of memory that an arena of glibc's has, in no order: [start, end)
 * of arena `number`, counted from 0. `top` is where the arena's last chunk begins
 * that was not handed out; 0: in another part. `maps` are all mappings.
 */
typedef void chunks_visit_part(uint64_t start, uint64_t end, uint64_t top,
			       uint32_t number, void *data);
void chunks_parts(const struct map *maps, uint32_t count,
		  chunks_visit_part *visit, void *data);

/* Visits the address of each block that is free though its chunk's header does
 * not say so: it is in a fast bin, or in the cache of a thread that was an
 * arena's first. Only with glibc's malloc. */
typedef void chunks_visit(uint64_t block, bool cached, void *data);
void chunks_free(const struct map *maps, uint32_t count, chunks_visit *visit,
		 void *data);

/*
 * Visits all blocks from `start` on, in mapping `map`, one of `maps`, which are not
 * free by the chunks' headers: each from its start to its chunk's end, in order. An
 * arena, or a part of one, begins at `start`; *done is its end. False, without
 * a visit, if there is no arena, or if its chunks are not in order.
 */
typedef void chunks_visit_used(uint64_t start, uint64_t end, void *data);
bool chunks_used(const struct map *maps, uint32_t count, const struct map *map,
		 uint64_t start, uint64_t *done, chunks_visit_used *visit,
		 void *data);

/* The same for all threads' caches in the arena at `start`: see chunks_used()
 * for the rest, too. */
bool chunks_cached(const struct map *maps, uint32_t count,
		   const struct map *map, uint64_t start, uint64_t *done,
		   chunks_visit *visit, void *data);

/*
 * Visits, in order, all of `map`, which is all of [heap], that is in no chunk
 * of the first arena: other code moved the break for it. Visits nothing if the
 * arena cannot be followed. With `b` it need not read the chunks of live
 * blocks.
 */
void chunks_others(const struct blocks *b, const struct map *map,
		   struct pages *pages, chunks_visit_used *visit, void *data);

#endif
