/* SPDX-License-Identifier: MIT */
/* Which pages of a large mapping were ever touched: the others hold zeros. */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES_BATCH 512

struct pages {
	int fd;         /* /proc/self/pagemap; negative: not to be had */
	int memory;     /* /proc/self/mem; the same */
	uint64_t first; /* number of the page of entries[0] */
	uint64_t count;
	uint64_t entries[PAGES_BATCH];
};

void pages_open(struct pages *p);
void pages_close(struct pages *p);
/* True also when it cannot be told. */
bool pages_touched(struct pages *p, uint64_t address);
/* Is it a private page, no longer its file's? `unknown` when it cannot be
 * told. */
bool pages_copied(struct pages *p, uint64_t address, bool unknown);

/* Read memory that the program itself may not read now: within one page. */
bool pages_read(const struct pages *p, void *to, uint64_t from, uint64_t size);

#endif
