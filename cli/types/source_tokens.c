/* SPDX-License-Identifier: MIT */
#include "source_tokens.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

struct lexer {
	struct tokens *t;
	const char *at, *end;
	const char *begin; /* of the line */
	unsigned line;
	bool said; /* there was a token on the line */
};

static bool is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

static bool next_is(const struct lexer *x, const char *two)
{
	return x->end - x->at >= 2 && !memcmp(x->at, two, 2);
}

static void add(struct lexer *x, enum token_kind kind, const char *from)
{
	*LIST_ADD(x->t->list, x->t->count) = (struct token){
		.kind = kind,
		.text = from,
		.length = (size_t)(x->at - from),
		.line = x->line,
		.column = (unsigned)(from - x->begin) + 1,
	};
	x->said = true;
}

static void new_line(struct lexer *x)
{
	x->begin = ++x->at;
	x->line++;
}

/* To the end of the line, which "\" moves to that of the next. */
static void skip_line(struct lexer *x)
{
	while (x->at < x->end && *x->at != '\n') {
		if (next_is(x, "\\\n")) {
			x->at++;
			new_line(x);
		} else {
			x->at++;
		}
	}
}

static void skip_comment(struct lexer *x)
{
	x->at += 2;
	while (x->at < x->end && !next_is(x, "*/")) {
		if (*x->at == '\n')
			new_line(x);
		else
			x->at++;
	}
	x->at += x->at < x->end ? 2 : 0;
}

/* What has no end ends with its line. */
static void read_text(struct lexer *x)
{
	const char *from = x->at;
	char quote = *x->at++;

	while (x->at < x->end && *x->at != '\n' && *x->at != quote)
		x->at +=
		    *x->at == '\\' && x->end - x->at > 1 && x->at[1] != '\n'
			? 2
			: 1;
	x->at += x->at < x->end && *x->at == quote;
	add(x, TOKEN_TEXT, from);
}

static void read_one(struct lexer *x)
{
	const char *from = x->at;
	bool number = *x->at >= '0' && *x->at <= '9';

	if (*x->at == '"' || *x->at == '\'') {
		read_text(x);
		return;
	}
	if (!is_of_word(*x->at)) {
		x->at += next_is(x, "->") || next_is(x, "::") ? 2 : 1;
		add(x, TOKEN_SIGN, from);
		return;
	}
	while (x->at < x->end &&
	       (is_of_word(*x->at) ||
		(number && (*x->at == '.' || *x->at == '\''))))
		x->at++;
	add(x, number ? TOKEN_NUMBER : TOKEN_WORD, from);
}

static void step(struct lexer *x)
{
	if (*x->at == '\n') {
		new_line(x);
		x->said = false;
	} else if (strchr(" \t\r\f\v\\", *x->at)) { /* NUL, too */
		x->at++;
	} else if (next_is(x, "/*")) {
		skip_comment(x);
	} else if (next_is(x, "//")) {
		skip_line(x);
	} else if (next_is(x, "*/")) {
		/* The text began in a comment. */
		x->t->count = 0;
		x->at += 2;
	} else if (*x->at == '#' && !x->said) {
		const char *from = x->at++;

		add(x, TOKEN_BREAK, from);
		skip_line(x);
	} else {
		read_one(x);
	}
}

void tokens_read(struct tokens *t, const char *text, size_t size,
		 unsigned first)
{
	struct lexer x = { t, text, text + size, text, first, false };

	*t = (struct tokens){ 0 };
	while (x.at < x.end)
		step(&x);
}

void tokens_release(struct tokens *t)
{
	free(t->list);
	*t = (struct tokens){ 0 };
}
