/* SPDX-License-Identifier: MIT */
/*
 * Answers, each about a kind of question and a number, as one run of refknot
 * leaves them to the next. As bytes they are rows, one behind the other:
 *
 *     u64 number, u32 kind, u32 size, `size` bytes, zeros up to 8 bytes
 *
 * They are searched where they were read. Of what is in an answer only texts
 * and numbers below 2^64 are known here: 7 bits a byte, the low ones first, bit 7
 * where more follow; a text is 1, its bytes and a zero, none is 0.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct answer;

struct answers {                     /* all zero: none */
	char *read;                  /* bytes of many, or NULL */
	const struct answer **slots; /* by kind and number; NULL: free */
	size_t room;                 /* of slots: 0 or a power of two */
	size_t count;
	struct answers_piece
	    *added;           /* those that were not read, latest first */
	unsigned char *draft; /* the answer at work */
	size_t draft_size, draft_room;
};

/* Takes the rows at data[0..size), of which data[at] is the first, a multiple of
 * 8: malloc()ed, and freed with `a`, which was empty. False: these are no rows;
 * then `a` has none. Dies when out of memory, as all below. */
bool answers_read(struct answers *a, char *data, size_t size, size_t at);
/* Writes all as answers_read() takes them. */
void answers_write(const struct answers *a, FILE *out);
void answers_release(struct answers *a);

/* An answer is put together by these, in the order in which it is read. */
void answers_put_number(struct answers *a, uint64_t number);
void answers_put_text(struct answers *a, const char *text); /* NULL: none */
/* Ends it. It takes the place of an earlier one to the same question. */
void answers_keep(struct answers *a, uint32_t kind, uint64_t number);

/* Reads one: what it does not have is 0 and NULL, and `bad` is set. */
struct answer_reader {
	const unsigned char *at, *end;
	bool bad;
};
/* False if there is none. Texts live as long as `a`. */
bool answers_find(const struct answers *a, uint32_t kind, uint64_t number,
		  struct answer_reader *r);
uint64_t answer_number(struct answer_reader *r);
const char *answer_text(struct answer_reader *r);
/* Whether that was all of it, and nothing else. */
bool answer_is_read(const struct answer_reader *r);

#endif
