/* SPDX-License-Identifier: MIT */
/*
 * The program's own mappings to which the search finds no word: see "Lost
 * mappings" in docs/waste.md.  The search hands over each word that may lead
 * to one; as soon as all have one, it goes on as without mappings.
 *
 * Only by the one thread that takes a snapshot.
 */
#ifndef UNHELD_H
#define UNHELD_H

#include <stdbool.h>
#include <stdint.h>

#include "picture.h"

/* Mappings to which no word was found yet. All of them lie, as addresses and as
 * numbers of pages, in these ranges; ends are part of them. */
struct unheld {
	uint64_t least, span;        /* these, and all blocks */
	uint64_t lowest, addresses;  /* addresses */
	uint64_t first_page, pages;  /* numbers of pages */
	struct unheld_mapping *list; /* ascending */
	uint32_t count, left;        /* of the list; without a word */
	const struct ordered *all;   /* the table of mappings, by start */
	uint32_t all_count;
	uint8_t *bits; /* of `all`: it is still without a word */
};

/* Begins to look for words, if the program has such mappings: sets p->unheld.
 * When blocks and threads are known, before anything is searched. */
void unheld_begin(struct picture *p);

/* Everything was searched: flags those without a word in the store's table
 * (RKN_MAPPED_UNHELD). */
void unheld_end(struct picture *p);

/* The word, which lies at `where`, may lead to one. */
void unheld_found(struct picture *p, uint64_t word, uint64_t where);

/* False: the word leads to no mapping, and to no block. */
static inline bool unheld_is_worth(const struct unheld *u, uint64_t word)
{
	return word - u->least <= u->span;
}

static inline void unheld_look(struct picture *p, const struct unheld *u,
			       uint64_t word, uint64_t where)
{
	if (word - u->lowest <= u->addresses ||
	    word - u->first_page <= u->pages)
		unheld_found(p, word, where);
}

#endif
