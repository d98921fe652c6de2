/* SPDX-License-Identifier: MIT */
/* The blocks that a page has one by one: all, or if there are too many those of
 * findings, those that keep the most, and what leads there. */
#ifndef PAGE_CHOICE_H
#define PAGE_CHOICE_H

#include "page_data.h"

struct page_choice {
	uint32_t *via;    /* per block: where the shortest way from a root comes
			  from */
	uint32_t *first;  /* edges of block b are first[b] .. first[b + 1] */
	uint32_t *place;  /* per block: its number in the page; RKN_NONE */
	uint32_t *blocks; /* by number: ascending */
	size_t count;
	size_t edges; /* most of one block */
};

/* Of via[]. Others are blocks. */
#define PAGE_VIA_ROOT    RKN_NONE       /* a root points at it */
#define PAGE_VIA_NOTHING (RKN_NONE - 1) /* no way leads there */
#define PAGE_VIA_WEAK    (RKN_NONE - 2) /* weak references only */

/* How many pointers `block` has to blocks. */
static inline size_t page_choice_edges(const struct page_choice *c,
				       uint32_t block)
{
	return c->first[block + 1] - c->first[block];
}

void page_choose(struct page_choice *c, struct page_data *d);
void page_choice_release(struct page_choice *c);

#endif
