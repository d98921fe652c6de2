/* SPDX-License-Identifier: MIT */
/* Words outside the heap that hold blocks, by number. */
#ifndef ROOTS_H
#define ROOTS_H

#include "world.h"

/* All roots of the main thread; `stack` are 8 words of main()'s. */
void roots_init(void *volatile *stack);
/* One more, at that word; BOOK_NONE: no room. */
uint32_t roots_add(enum root_kind kind, void *volatile *word);
/* A key of this thread, as a root; BOOK_NONE: no room. */
uint32_t roots_add_key(void);
void roots_store(uint32_t root, void *value);
/* What it holds, hidden; only of words. */
uint64_t roots_load(uint32_t root);
bool roots_is_word(uint32_t root);
/* It holds that pointer now; BOOK_NONE: none. */
void roots_take(uint32_t root, uint32_t ref);
/* By this thread. */
bool roots_may_change(uint32_t root);
/* A random root that holds nothing; BOOK_NONE. */
uint32_t roots_pick(struct world *w);
/* Those from `first` on, and below `end`, are gone with what they hold: no
 * memory is written. */
void roots_end(struct world *w, uint32_t first, uint32_t end);
/* Those of that kind. */
void roots_end_kind(struct world *w, enum root_kind kind);

#endif
