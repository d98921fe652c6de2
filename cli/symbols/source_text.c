/* SPDX-License-Identifier: MIT */
#include "source_text.h"
#include "list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "fnv.h"
#include "hash.h"
#include "regular_file.h"

struct source_text {
	char *path;
	uint64_t *lines;      /* each; 0: it is empty */
	unsigned char *marks; /* of each: enum mark */
	size_t count;
	UT_hash_handle hh;
};

enum mark {
	MARK_CLOSES = 1, /* it begins with "}" */
	MARK_ENDS = 2,   /* a statement or block begins or ends in it */
	MARK_QUIET = 4,  /* nothing can be called in it */
};

#define MOST_LINES 5000 /* of a function */

/* --- Lines ----------------------------------------------------------------- */

#define MOST_QUIET 128 /* characters of a quiet line without white space */

/* "if(a==NULL||b->size<2)": a name that is called, or all in capitals, may be
 * anything. */
static bool is_quiet_test(const char *text)
{
	while (*text) {
		bool constant = !isdigit((unsigned char)*text);
		size_t n = 0;

		for (; isalnum((unsigned char)text[n]) || text[n] == '_'; n++)
			constant &= !islower((unsigned char)text[n]);
		if (n && (text[n] == '(' ||
			  (constant && (n != 4 || memcmp(text, "NULL", 4)))))
			return false;
		if (!n && (!strchr("()!=<>&|-.+*[]", *text) ||
			   !strncmp(text, ")(", 2) || !strncmp(text, "](", 2)))
			return false;
		text += n ? n : 1;
	}
	return true;
}

/* One that is read. */
struct line {
	uint64_t hash;
	unsigned char marks;
	char text[MOST_QUIET + 1];
	size_t size; /* without white space; more than there is room for: not
			all */
};

static const struct line empty = { .hash = FNV_OFFSET };

static void add_line(struct source_text *t, struct line *l)
{
	LIST_GROW(t->lines, t->count);
	LIST_GROW(t->marks, t->count);
	if (l->size <= MOST_QUIET) {
		l->text[l->size] = '\0';
		l->marks |=
		    !strcmp(l->text, "{") || (!strncmp(l->text, "if(", 3) &&
					      is_quiet_test(l->text + 2))
			? MARK_QUIET
			: 0;
	}
	t->lines[t->count] = l->hash == FNV_OFFSET ? 0 : l->hash;
	t->marks[t->count++] = l->marks;
	*l = empty;
}

static void add_character(struct line *l, char c)
{
	if (c && strchr(";{}", c))
		l->marks |= MARK_ENDS;
	if (c && strchr(" \t\r\f\v", c))
		return;
	l->hash = fnv_byte(l->hash, (unsigned char)c);
	if (l->size < MOST_QUIET)
		l->text[l->size] = c;
	l->size++;
}

/* What a file is in the middle of; a line ends all but a comment of several. */
enum within { CODE, LINE_COMMENT, COMMENT, TEXT, CHARACTER };

static bool is_next(const char *text, const char *end, const char *what)
{
	return end - text >= 2 && !memcmp(text, what, 2);
}

/* One piece that belongs together: how long it is, and whether it counts, which
 * comments are not. */
static size_t take_piece(enum within *in, const char *text, const char *end,
			 bool *said)
{
	char quote = *in == TEXT ? '"' : '\'';

	*said = *in != LINE_COMMENT && *in != COMMENT;
	if (*in == COMMENT && is_next(text, end, "*/")) {
		*in = CODE;
		return 2;
	}
	if (*in == CODE && is_next(text, end, "/*")) {
		*in = COMMENT;
		*said = false;
		return 2;
	}
	if (*in == CODE && is_next(text, end, "//")) {
		*in = LINE_COMMENT;
		*said = false;
		return 2;
	}
	if (*in == TEXT || *in == CHARACTER) {
		if (*text == '\\' && end - text >= 2 && text[1] != '\n')
			return 2;
		if (*text == quote)
			*in = CODE;
	} else if (*in == CODE && *text == '"') {
		*in = TEXT;
	} else if (*in == CODE && *text == '\'') {
		*in = CHARACTER;
	}
	return 1;
}

static void hash_lines(struct source_text *t, const char *text, size_t size)
{
	const char *end = text + size, *begin = text;
	struct line l = empty;
	enum within in = CODE;

	while (text < end) {
		bool said;
		size_t n;

		if (*text == '\n') {
			add_line(t, &l);
			begin = ++text;
			in = in == COMMENT ? COMMENT : CODE;
			continue;
		}
		if (*text == '}' && text == begin)
			l.marks |= MARK_CLOSES;
		n = take_piece(&in, text, end, &said);
		for (size_t i = 0; i < n && said; i++)
			add_character(&l, text[i]);
		text += n;
	}
	add_line(t, &l);
}

static struct source_text *find(struct source_text **all, const char *path)
{
	struct source_text *t;
	size_t size;
	char *text;

	HASH_FIND_STR(*all, path, t);
	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	t->path = xstrdup(path);
	text = regular_file_read(path, SOURCE_TEXT_MOST, &size);
	if (text)
		hash_lines(t, text, size);
	free(text);
	HASH_ADD_KEYPTR(hh, *all, t->path, strlen(t->path), t);
	return t;
}

bool source_text_hash(struct source_text **all, const char *path, unsigned from,
		      unsigned line, uint16_t *hash)
{
	const struct source_text *t = find(all, path);
	uint64_t own, mixed;

	if (!line || line > t->count || !t->lines[line - 1])
		return false;
	own = mixed = t->lines[line - 1];
	for (unsigned i = from; i && i < line; i++)
		if (t->lines[i - 1] == own)
			mixed = fnv_byte(mixed, '\n');
	*hash = (uint16_t)(mixed ^ mixed >> 16 ^ mixed >> 32 ^ mixed >> 48);
	return true;
}

bool source_text_has(struct source_text **all, const char *path, unsigned from,
		     uint16_t hash, bool *known)
{
	const struct source_text *t = find(all, path);
	uint16_t one;

	*known = from && from <= t->count;
	for (unsigned i = from; i && i <= t->count && i - from < MOST_LINES;
	     i++) {
		if (source_text_hash(all, path, from, i, &one) && one == hash)
			return true;
		if (t->marks[i - 1] & MARK_CLOSES)
			break;
	}
	return false;
}

bool source_text_is_statement(struct source_text **all, const char *path,
			      unsigned first, unsigned last)
{
	const struct source_text *t = find(all, path);

	if (!first || last > t->count)
		return false;
	for (unsigned i = first; i < last; i++)
		if (t->marks[i - 1] & MARK_ENDS)
			return false;
	return true;
}

bool source_text_is_quiet(struct source_text **all, const char *path,
			  unsigned line)
{
	const struct source_text *t = find(all, path);

	return line && line <= t->count && t->marks[line - 1] & MARK_QUIET;
}

void source_text_release(struct source_text **all)
{
	struct source_text *t, *next;

	HASH_ITER (hh, *all, t, next) {
		HASH_DEL(*all, t);
		free(t->path);
		free(t->lines);
		free(t->marks);
		free(t);
	}
}
