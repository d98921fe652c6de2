/* SPDX-License-Identifier: MIT */
#include "source_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "fnv.h"
#include "hash.h"
#include "regular.h"

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
};

#define MOST_LINES 5000 /* of a function */

static char *read_file(const char *path, size_t *size)
{
	int fd = regular_open(path);
	struct stat st;
	char *text = NULL;
	ssize_t n = 1;

	*size = 0;
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size <= (off_t)SOURCE_TEXT_MOST) {
		text = xmalloc((size_t)st.st_size + 1);
		while (n > 0 && *size < (size_t)st.st_size) {
			n = read(fd, text + *size, (size_t)st.st_size - *size);
			if (n > 0)
				*size += (size_t)n;
		}
	}
	close(fd);
	return text;
}

static void add_line(struct source_text *t, uint64_t hash, unsigned char marks)
{
	if (!(t->count & (t->count + 1))) {
		t->lines = xreallocarray(t->lines, 2 * t->count + 2,
					 sizeof(*t->lines));
		t->marks = xreallocarray(t->marks, 2 * t->count + 2,
					 sizeof(*t->marks));
	}
	t->lines[t->count] = hash == FNV_OFFSET ? 0 : hash;
	t->marks[t->count++] = marks;
}

static void hash_lines(struct source_text *t, const char *text, size_t size)
{
	uint64_t hash = FNV_OFFSET;
	unsigned char marks = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n') {
			add_line(t, hash, marks);
			hash = FNV_OFFSET;
			marks = 0;
			continue;
		}
		if (text[i] == '}' && (!i || text[i - 1] == '\n'))
			marks |= MARK_CLOSES;
		if (text[i] && strchr(";{}", text[i]))
			marks |= MARK_ENDS;
		if (!strchr(" \t\r\f\v", text[i]) || !text[i])
			hash = fnv_byte(hash, (unsigned char)text[i]);
	}
	add_line(t, hash, marks);
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
	text = read_file(path, &size);
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
