/* SPDX-License-Identifier: MIT */
/*
 * What one process of a random program knows of its own heap: each block, and
 * each pointer that it has written, as a file of its own that it maps.
 * Addresses are kept so that no search of memory takes them for pointers. From
 * this judge.c tells what is lost; the program itself never asks.
 */
#ifndef BOOK_H
#define BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOK_MAGIC  0x6b6f6f62u /* "book" */
#define BOOK_BLOCKS 16384
#define BOOK_REFS   32768
#define BOOK_ROOTS  256
#define BOOK_ROOT   0x80000000u /* in book_ref.from: the number of a root */
#define BOOK_NONE   UINT32_MAX

/* No address, however it is changed by small numbers, has these high bits. */
#define BOOK_KEY 0xb7e151628aed2a6bull

static inline uint64_t book_hide(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p ^ BOOK_KEY;
}

static inline void *book_seek(uint64_t hidden)
{
	return (void *)(uintptr_t)(hidden ^ BOOK_KEY);
}

enum situation {
#define SITUATION(name, weight, threads) SITUATION_##name,
#include "situations.def"
#undef SITUATION
	SITUATIONS
};

enum book_state {
	BOOK_UNUSED,
	BOOK_ALIVE,
	BOOK_FREED,
	BOOK_INHERITED, /* alive, and of the process that forked this one */
};

struct book_block {
	uint64_t hidden; /* its address, see book_hide */
	uint64_t size;   /* bytes requested */
	uint32_t made_step;
	uint32_t lost_step; /* when the last pointer that is gone went */
	uint8_t made_by;    /* enum situation */
	uint8_t lost_by;
	uint8_t state; /* enum book_state */
	uint8_t fixed; /* never freed or resized: it has dead bytes behind */
	uint16_t in;   /* pointers to it */
	uint16_t out;  /* pointers in it */
};

enum root_kind {
	ROOT_DATA,
	ROOT_ZERO, /* .bss */
	ROOT_LIBRARY,
	ROOT_LIBRARY_TLS,
	ROOT_TLS,
	ROOT_KEY,   /* pthread_setspecific */
	ROOT_STACK, /* of main() */
	ROOT_MAP,
	ROOT_SHARED_MAP,
	ROOT_THREAD_STACK,
	ROOT_THREAD_TLS,
	ROOT_REGISTER,  /* of a thread; never written again */
	ROOT_CONTEXT,   /* a ucontext_t; never written again */
	ROOT_COROUTINE, /* its stack */
};

/* A pointer that the program has written and not overwritten. */
struct book_ref {
	uint32_t from;   /* block, or BOOK_ROOT | root; BOOK_NONE: unused */
	uint32_t to;     /* block */
	uint64_t at;     /* byte in the block that it stands in */
	uint64_t offset; /* byte of the block that it leads to */
};

struct book {
	uint32_t magic;
	uint32_t pid;
	uint64_t seed;
	uint32_t finished; /* the process came to its end */
	uint32_t block_count;
	uint32_t ref_count; /* used or not */
	uint32_t root_count;
	uint8_t root_kinds[BOOK_ROOTS]; /* enum root_kind */
	struct book_block blocks[BOOK_BLOCKS];
	struct book_ref refs[BOOK_REFS];
};

#endif
