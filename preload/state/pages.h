/* SPDX-License-Identifier: MIT */
/* Which pages of a large mapping were ever touched: the others hold zeros. */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

#define PAGES_BATCH 512
#define PAGES_HOLES 16

struct pages {
	int fd;         /* /proc/self/pagemap; negative: it cannot be had */
	int memory;     /* /proc/self/mem; the same */
	uint64_t first; /* number of the page of entries[0] */
	uint64_t count;
	uint64_t least; /* so many entries are read at first */
	uint64_t entries[PAGES_BATCH];
	struct sys_scan touched, zeros; /* of where pages were asked for last */
	bool cannot_scan;               /* before Linux 6.7 */
	/* Parts of mappings without a touched page: see pages_note(). */
	struct {
		uint64_t start, end;
	} holes[PAGES_HOLES];
	uint32_t hole_count;
};

void pages_open(struct pages *p);
/* For what is known of pages only, and not pages_read(); where all of them are
 * asked for. */
void pages_open_known(struct pages *p);
void pages_close(struct pages *p);
/* Whether it is known what the pages are: not if the process may not see them,
 * as after setuid(). */
bool pages_known(const struct pages *p);
/*
 * The anonymous mapping from `start` to `end` has `resident` bytes in memory,
 * and none swapped out. If all of them are near its ends, as the kernel makes
 * one mapping of neighbours, what is between is untouched: pages_next() uses
 * that if the pages are not known.
 */
void pages_note(struct pages *p, uint64_t start, uint64_t end,
		uint64_t resident);
/*
 * The first address from `at` on, before `end`, whose page may have been
 * touched; `end` if there is none. Reservations of terabytes, as sanitizers and
 * virtual machines make them, take no longer than what is used of them, if the
 * kernel says what that is (Linux 6.7).
 */
uint64_t pages_next(struct pages *p, uint64_t at, uint64_t end);

/* Whether the page of `address` was touched; true also if that is not known. */
bool pages_touched(struct pages *p, uint64_t address);
enum pages_state {
	PAGES_ABSENT, /* nothing of the program's; the kernel's page of zeros may
			 stand there, where one was only read */
	PAGES_RESIDENT,
	PAGES_SWAPPED,
};
/* What the kernel has of the page of `address`, which is in a mapping that is
 * private and of no file, or in another. Only if the pages are known. */
enum pages_state pages_state(struct pages *p, uint64_t address, bool anonymous);

/* Whether it is a private page, no longer its file's; `unknown` if that is not
 * known. */
bool pages_copied(struct pages *p, uint64_t address, bool unknown);

/* Reads memory that the program itself may not read now, within one page. */
bool pages_read(const struct pages *p, void *to, uint64_t from, uint64_t size);

#endif
