/* SPDX-License-Identifier: MIT */
/*
 * The tokens of C or C++ text, without comments and white space.  The text may
 * be any bytes, and begin or end anywhere outside of a line.  All die when out
 * of memory.
 */
#ifndef SOURCE_TOKENS_H
#define SOURCE_TOKENS_H

#include <stddef.h>

enum token_kind {
	TOKEN_WORD, /* a name or keyword */
	TOKEN_NUMBER,
	TOKEN_TEXT,  /* "text" or 'c' */
	TOKEN_SIGN,  /* one character, or "->", "::" */
	TOKEN_BREAK, /* a line for the preprocessor: what is around may not
			belong together */
};

struct token {
	enum token_kind kind;
	const char *text;      /* in the caller's text */
	size_t length;         /* bytes */
	unsigned line, column; /* from 1, in bytes */
};

struct tokens {
	struct token *list;
	size_t count;
};

/* `first` is the number of the first line. To be released before `text`. */
void tokens_read(struct tokens *t, const char *text, size_t size,
		 unsigned first);
void tokens_release(struct tokens *t);

#endif
