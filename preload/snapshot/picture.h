/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a snapshot share while it is taken, and the lists that they
 * append to.  All of it is used by the one thread that takes the snapshot,
 * while the others stand still; only one list may grow at a time.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"
#include "compiler.h"
#include "maps.h"
#include "pages.h"
#include "stop.h"
#include "store.h"

/* A table at the end of the store that grows while it is written. */
struct picture_list {
	enum store_table_number table;
	uint64_t offset; /* in the store */
	uint64_t room;   /* bytes taken */
	bool cut;        /* no room: later records are missing */
};

/* What roots hold, or what those blocks hold: a bit for each block, and the
 * blocks that are still to be searched. */
struct picture_held {
	uint8_t *bits;
	uint32_t *queue; /* room for all blocks */
	uint32_t read, end;
};

struct picture {
	struct blocks blocks;
	struct stop stop;
	struct pages pages;
	struct map *maps; /* all mappings, ascending */
	uint32_t map_count;
	struct picture_list roots, edges;
	struct rkn_edge last; /* of the edges */
	struct picture_held
	    *held;        /* if only that is asked: no list is made; else
			     NULL */
	uint64_t *limits; /* by enum rkn_limit_number */
	uint64_t root_bytes;
	uint64_t inherited_bytes; /* of them: see inherited.h */
	uint8_t *skipped;    /* a bit for each block not to be searched; NULL:
			     none */
	struct inner *inner; /* what inner.c looked at; NULL: nothing */
	uint8_t *others;     /* a bit for each block: it is known to begin with
				no C++ table; NULL: nothing is known */
	struct wide_piece *wide, *wide_last; /* see wide_note(); NULL: none */
	struct first *first;   /* see first_note(); NULL: it is not asked */
	struct unheld *unheld; /* see unheld.h; NULL: no mapping is looked for,
				  or no more */
	bool judges_mappings;  /* unheld_begin() could begin */
	struct rkn_tls *tls;   /* see tls_find(); NULL: it was not asked */
	uint32_t tls_count;
	uint64_t tls_most; /* bytes below a thread pointer: of the farthest; 0:
			      not known */
	bool copies;       /* memory can be read through the kernel */
};

void picture_list_init(struct picture_list *l, enum store_table_number table);
/* Makes room for `size` bytes, at most 16 KiB, behind the records; NULL if there
 * is none: then l->cut is set. */
void *picture_list_grow(struct picture_list *l, uint64_t size);
static inline void *picture_list_room(struct picture_list *l, uint64_t size)
{
	const struct store_table *t = &store.header->tables[l->table];
	const uint64_t end = t->count * t->record_size;

	if (unlikely(l->cut || end + size > l->room))
		return picture_list_grow(l, size);
	return (char *)store_at(l->offset) + end;
}
/* The next record, to be filled in; NULL if there is no room. */
void *picture_list_add(struct picture_list *l);
/* The list is complete: readers may have it. */
void picture_list_finish(struct picture *p, struct picture_list *l);
/* The same of a list that says nothing of leaks: records may be missing. */
void picture_list_end(struct picture_list *l);

/* Marks that block as held. */
static inline void picture_hold(struct picture_held *h, uint32_t block)
{
	uint8_t bit = (uint8_t)(1u << block % 8);

	if (h->bits[block / 8] & bit)
		return;
	h->bits[block / 8] |= bit;
	h->queue[h->end++] = block;
}

/*
 * What records of pointers have no room for: offsets of 4 GiB and more, and
 * which places in blocks keep the block (see inner_note()).  It is kept beside
 * the records, as only one of the store's tables can grow at a time, and put
 * into the store when that has all pointers.
 */
/* `n`, or the value that means "see the wide ones" in a record. */
static inline uint32_t wide_narrow(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Notes the last edge or root that was added to the picture. Without memory
 * that stays as it is: "so much, or more". */
void wide_note(struct picture *p, enum rkn_wide_kind kind, uint64_t from_word,
	       uint64_t to_offset);

/* Notes place `offset` in block number `block`: RKN_WIDE_ARRAY or
 * RKN_WIDE_BASE. Without memory it stays unknown. */
void wide_note_place(struct picture *p, enum rkn_wide_kind kind, uint32_t block,
		     uint64_t offset);

/* All pointers are in the store: puts these there, too. */
void wide_finish(struct picture *p);

/*
 * Where the first words of blocks lead in modules, and what may be counts of
 * references there.  first_open() comes when the
 * picture has all roots and no edge; then blocks in ascending order, each with
 * the words that it begins with, at least one; first_finish() when it has all
 * edges.  Without memory or room both stay unknown, which is not a gap.
 */
void first_open(struct picture *p);
void first_note(struct picture *p, uint32_t block, const uint64_t *words,
		uint64_t count);
void first_finish(struct picture *p);

/* Finds out where modules have their thread-local variables, before roots are
 * searched, as far as memory can be read through the kernel and no thread runs;
 * tls_finish() puts that into the store. */
void tls_find(struct picture *p);
void tls_finish(struct picture *p);

/* Notes the frames of the stopped threads. What there is no memory for is not
 * noted, which is not a gap: only names of roots need it. */
void live_note(struct picture *p);

/* Notes in the store which modules' calls of the C library's allocator are not
 * seen: they call it by ways that are not closed (bypass.h), or are in another
 * namespace of the loader. */
void unseen_note(struct picture *p);

/*
 * A pointer leads to `offset`, which is not 0, of block number `block`: notes the
 * place if such a pointer keeps the block, by the block's own contents, as C++
 * compilers make them (Itanium C++ ABI): to the first element behind an array's
 * count, or to a base class's part of an object. Most places are noted once.
 */
void inner_note(struct picture *p, uint32_t block, uint64_t offset);
/* Whether there is certainly nothing to note. */
static inline bool inner_is_nothing(const struct picture *p, uint32_t block,
				    uint64_t offset)
{
	return offset & (offset - 1) && p->others &&
	       p->others[block / 8] >> block % 8 & 1;
}

/*
 * What an ended thread returned, and pthread_join has not fetched yet: glibc
 * keeps it in the thread's control block, which begins at `block` and ends at
 * `end` at most. Sets [*from, *to) to the pointers that pthread_join may still
 * return. `link` is the block's place in glibc's list of stacks. False if the
 * thread was joined, or cannot be. `maps` are all mappings, ascending.
 */
bool results_find(uint64_t block, uint64_t end, uint64_t link,
		  const struct map *maps, uint32_t count, uint64_t *from,
		  uint64_t *to);

/*
 * Notes what the kernel holds of each mapping, which pages of anonymous memory
 * those are, and where glibc's arenas lie. Before anything reads memory that the
 * program may never have touched, and after blocks are listed. What there is no
 * room for is not known, which is not a gap.
 */
void resident_note(struct picture *p);

/* Notes what blocks hold, if the user asked for it: see contents.c. */
void contents_note(struct picture *p);

/* Searches everything that is not a block. */
void roots_search(struct picture *p);
/* Adds what the program itself declared: roots, and blocks to skip. */
void declared_roots_search(struct picture *p);
/* Searches every block; edges_follow() only those that are held. */
void edges_search(struct picture *p);
void edges_follow(struct picture *p);

#endif
