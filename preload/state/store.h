/* SPDX-License-Identifier: MIT */
/*
 * The live store's file: made, mapped, handed out piece by piece.  Its layout,
 * with what must hold of it, is in refknot/store.h.  Nothing here takes a lock;
 * all of it may run inside malloc and in a signal handler.
 *
 * Space is made ready before it is touched, STORE_STEP bytes at a time, so that
 * a full disk is an answer and not a SIGBUS.
 */
#ifndef PRELOAD_STORE_H
#define PRELOAD_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include <refknot/store.h>

#include "compiler.h"
#include "sys.h"

#define STORE_STEP_SHIFT 13
#define STORE_STEP       (1ull << STORE_STEP_SHIFT)
#define STORE_MOST       (1ull << 38) /* bytes that a store may span */
#define STORE_STEPS      (STORE_MOST >> STORE_STEP_SHIFT)

struct store {
	/* NULL: no store. Also its base address. Atomic, as `mapped` is: other
	 * threads ask for limits while a forked child leaves its parent's
	 * store. */
	struct store_header *header;
	uint64_t size;        /* bytes that may be used; atomic, as the end cuts
			    it */
	uint64_t mapped;      /* bytes of address space: STORE_MOST >> n */
	uint64_t steps_ready; /* how many store_steps are set; atomic */
	int limited;          /* by EFBIG (a file's size) or ENOMEM (addresses);
			    0: by neither */
	struct sys_identity file;
	char path[4096];
};

extern HIDDEN struct store store;
extern HIDDEN uint8_t
    *store_steps; /* as many as STORE_MOST has; own_memory_table() */

/*
 * Makes a store for process `pid` in `directory`, named after `program`.
 * Returns 0 or -errno; store.path is the path last tried.
 */
int store_create(const char *directory, const char *program, int pid,
		 unsigned granule_shift);
/*
 * A forked child does not have its parent's tables, but zeros, which stand for nothing
 * in each of them: a handler may have forked just before a call went inside. Where
 * `thread` was inside, both return into the middle of a call. So before such a fork what
 * is in use is copied, as the kernel does with what is not shared, and the child has
 * that: in what it copied itself its parent would have changed something, and hold
 * locks. Where that is more than STORE_COPY_MOST bytes, or STORE_COPY_FEW if addresses
 * are limited, the child has pages to itself once it writes to them.
 *
 * The header stays shared: nothing is given out twice, and a child can be counted.
 * Where the kernel has no memory, or may not be asked, all stays shared.
 */
#define STORE_COPY_MOST (256ull << 20)
#define STORE_COPY_FEW  (8ull << 20)
void store_copy(const void *thread);   /* before the fork, if one is inside */
void store_copied(const void *thread); /* after it, in the parent .. */
/* .. and in the child; NULL: not inside. `own`: its own recording has begun. */
void store_part(const void *thread, bool own);

/* Forgets the store without touching its file: it is the parent's. Its header
 * is still there; give it to store_forget(). */
struct store_header *store_leave(void);
void store_forget(struct store_header *h);
/* Gives back what lies behind the last piece handed out. */
void store_trim(void);

/* Why a store has no room for more: -errno. */
int store_shortage(void);

/* Hands out `size` bytes. Returns their offset, a multiple of 4096, or 0 if the
 * store is full. */
uint64_t store_take(uint64_t size);

bool store_prepare(uint64_t offset, uint64_t size);

/* Whether that byte is safe to touch. Once it is, it stays so. */
static inline bool store_touched(uint64_t offset)
{
	return READ_ONCE(store_steps[offset >> STORE_STEP_SHIFT]);
}

/* Makes bytes offset .. offset+size-1 safe to touch. False if there is no room.
 */
static inline bool store_ready(uint64_t offset, uint64_t size)
{
	if (likely(store_touched(offset) && store_touched(offset + size - 1) &&
		   size <= STORE_STEP))
		return true;
	return store_prepare(offset, size);
}

static inline void *store_at(uint64_t offset)
{
	return (char *)store.header + offset;
}

/* The offset of what is there. */
static inline uint64_t store_offset(const void *p)
{
	return (uint64_t)((const char *)p - (const char *)store.header);
}

/* Record `index` of a table, ready to be written; NULL if the table is full. */
void *store_record(enum store_table_number table, uint64_t index);
/* Appends a record. Returns its index, or 0 if the table is full. Only records
 * that are ready are counted. */
uint64_t store_append(enum store_table_number table);
/* Hands out a piece for a table of so many records that has none yet; false: there
 * is no room. Only one thread at a time, for one table. */
bool store_place(enum store_table_number table, uint64_t capacity);
/* Copies a text into the text table. Returns its offset, or 0 if that is full.
 */
uint32_t store_text(const char *text, size_t size);

/* Sets flags RKN_META_..., in any thread: one may end the recording while
 * another notes something in it. */
static inline void store_flag(uint32_t flags)
{
	__atomic_fetch_or(&store.header->meta.flags, flags, __ATOMIC_RELAXED);
}

/* Bytes of what was handed out that were made ready. */
uint64_t store_own_bytes(void);

#endif
