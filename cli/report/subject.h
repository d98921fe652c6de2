/* SPDX-License-Identifier: MIT */
/* What a person means by a word: a finding, an object, a type or a site of a
 * recording. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "findings.h"
#include "reading.h"
#include "type_view.h"
#include "wishes.h"

enum subject_kind {
	SUBJECT_NONE, /* nothing of that name; `others` are near */
	SUBJECT_MANY, /* it could mean each of `others` */
	SUBJECT_FINDING,
	SUBJECT_BLOCK, /* or an object that is in none any more */
	SUBJECT_TYPE,
	SUBJECT_SITE,
};

/* One thing that a word could mean. */
struct subject_other {
	enum subject_kind kind;
	char *word; /* that means this and nothing else */
	char *what; /* "3 objects, 72 B" */
};

struct subject {
	enum subject_kind kind;
	uint32_t block;  /* RKN_NONE: none */
	uint32_t object; /* 0: the block is none of the program's */
	size_t finding;  /* into findings.list */
	char *site;      /* the function that blocks were allocated in */
	struct type_view type;
	struct subject_other *others;
	size_t other_count;
	struct findings findings; /* signed, without those that the program
				     covers itself */
	struct wishes wishes;
	const struct reading *in;
};

/*
 * Finds what `word` means in `in`, which must outlive the result:
 *
 *     3, #3                  the finding that reports have by that number
 *     4cf4fbe1a7df56a3       the one with that signature, or one that begins so
 *     struct session#17      an object
 *     0x55d0c8a2             the block around an address
 *     struct session         a type
 *     session_open           a site, or whatever has that word in its name
 *
 * The last may mean several things, which are listed. Dies when out of memory.
 */
void subject_find(struct subject *s, const struct reading *in,
		  const char *word);
void subject_release(struct subject *s);

/* The number by which reports call the finding list[i]. */
static inline size_t subject_number(size_t i)
{
	return i + 1;
}

#endif
