/* SPDX-License-Identifier: MIT */
/*
 * What the processes of one program lost and kept, in a file that they all
 * share. It holds no pointer: addresses are written inverted.
 */
#ifndef BOOK_H
#define BOOK_H

#include <stdint.h>

#define BOOK_LIVES  64
#define BOOK_BLOCKS 1000

/* Unsure: lost, and a word that could not be washed away may lead to it. */
enum book_what { BOOK_FREED, BOOK_LOST, BOOK_KEPT, BOOK_UNSURE };

/* A process from fork or execution on; forked children and what is executed
 * are lives of their own. */
struct book_life {
	uint32_t pid;
	uint32_t executed; /* it began by an execution */
};

struct book_block {
	uint64_t hidden; /* address, inverted */
	uint64_t size;
	uint32_t life; /* index into lives */
	uint32_t what; /* enum book_what */
};

/* Counts may exceed the tables: then no more was noted. */
struct book {
	uint32_t life_count;
	uint32_t block_count;
	struct book_life lives[BOOK_LIVES];
	struct book_block blocks[BOOK_BLOCKS];
};

/* Begin a life in the book at `path`. Where it cannot be opened (behind
 * chroot, by another user) nothing is noted from here on. */
void book_open(const char *path);
/* In a forked child, before all else: another life. */
void book_fork(void);
/* The block's number, for book_change; -1: it is not noted. */
int book_add(const void *block, uint64_t size, enum book_what what);
void book_change(int number, enum book_what what);

#endif
