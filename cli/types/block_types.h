/* SPDX-License-Identifier: MIT */
/*
 * The type of each block that is none of the program's own objects: what its
 * site tells (sites.h), else what the pointers to it are declared to point at,
 * from variables and from blocks whose type is known.  Blocks of one stack and
 * one size class have one type, unless the first word of one proves another.  They
 * are found when they are first asked for.  All die when out of memory.
 */
#ifndef BLOCK_TYPES_H
#define BLOCK_TYPES_H

#include "counted.h"
#include "first_words.h"
#include "root_places.h"
#include "sites.h"

enum type_evidence {
	TYPE_NOTHING,
	TYPE_SITE,  /* the site tells */
	TYPE_FIELD, /* a field or variable that points at it is declared so */
	TYPE_FIRST_WORD, /* its first word leads to the table of a class */
	TYPE_ALLOC_TYPE, /* the debug information says what the call allocates */
	TYPE_SOURCE,     /* the text of the call in the source */
	TYPE_EVIDENCES
};
/* "site"; NULL of TYPE_NOTHING. */
extern const char *const type_evidence_names[TYPE_EVIDENCES];

struct block_type {
	const struct c_type *type; /* NULL: not known */
	uint64_t offset; /* where in the block the first one begins; bytes */
	enum type_evidence evidence;
	bool bytes; /* it is text or other bytes; no `type` */
	bool array; /* of more than one */
	/* TYPE_FIRST_WORD: the class, whose name the block has, and `type` is that
	 * of its fields, if the class's module tells them; else NULL. Lives as
	 * long as the types. */
	const struct first_word *word;
	/* Counts of references are at the start of the block, by the type that
	 * it has as a whole: then `type` and `offset` are of the object that
	 * is counted, if that follows them. */
	enum counted_kind counted;
	bool inside; /* it does */
};

/* The counts of a block, as the program has them; a number that may be larger is
 * marked. */
struct block_counts {
	enum counted_kind kind;
	uint32_t strong;
	uint32_t weak; /* of std::weak_ptr or Weak: without that which all
			  strong ones have together */
	bool more_strong, more_weak;
};

struct block_types;

/* Both must outlive the result. */
struct block_types *block_types_open(const struct model *m, struct symbols *s);
void block_types_close(struct block_types *t);

/* See sites.h. Live as long as `t`. */
const struct site *block_types_site(struct block_types *t, uint32_t stack);
/* The location of that site; NULL for an empty stack. */
const struct location *block_types_place(struct block_types *t, uint32_t stack);
/* See sites_source() of sites.h. */
const struct source_file *block_types_source(struct block_types *t,
					     uint32_t frame,
					     const struct location *at);
/* What a root word is in the program; see root_places.h. */
struct root_place block_types_root(struct block_types *t,
				   const struct rkn_root *root);

struct block_type block_types_of(struct block_types *t, uint32_t block);
/* False: the block has none by its type, or they were not recorded. */
bool block_types_counts(struct block_types *t, uint32_t block,
			struct block_counts *c);
/* Of all live blocks of `stack`, or what the site tells if there are none;
 * TYPE_NOTHING if they differ. */
struct block_type block_types_of_stack(struct block_types *t, uint32_t stack);

/* What the pointer at byte `at` of `block` is declared as; NULL: not known. */
const struct c_type *block_types_pointer(struct block_types *t, uint32_t block,
					 uint64_t at);

/* "struct session", "struct entry[]", "char[]"; NULL: it is not known. The
 * caller frees it. */
char *block_type_text(const struct block_type *t);

/* The same of one block of `size` bytes: "struct entry[64]". */
char *block_type_of_size(const struct block_type *t, uint64_t size);

/* How many blocks have a type, by evidence and as bytes. */
struct block_types_sum {
	size_t by[TYPE_EVIDENCES];
	size_t bytes; /* of these: as text or bytes */
};
struct block_types_sum block_types_sum(struct block_types *t);

/* How many blocks have no type because pointers to them, or to others of their
 * stack and size, are declared to point at different types. */
size_t block_types_contradictions(struct block_types *t);
/* Likewise, because the source of their call names another type than their site
 * or the pointers to them. */
size_t block_types_source_contradictions(struct block_types *t);

#endif
