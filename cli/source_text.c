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
	uint64_t *lines; /* each; 0: it is empty */
	size_t count;
	UT_hash_handle hh;
};

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

static void add_line(struct source_text *t, uint64_t hash)
{
	if (!(t->count & (t->count + 1)))
		t->lines = xreallocarray(t->lines, 2 * t->count + 2,
					 sizeof(*t->lines));
	t->lines[t->count++] = hash;
}

static void hash_lines(struct source_text *t, const char *text, size_t size)
{
	uint64_t hash = FNV_OFFSET;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n') {
			add_line(t, hash == FNV_OFFSET ? 0 : hash);
			hash = FNV_OFFSET;
		} else if (!strchr(" \t\r\f\v", text[i]) || !text[i]) {
			hash = fnv_byte(hash, (unsigned char)text[i]);
		}
	}
	add_line(t, hash == FNV_OFFSET ? 0 : hash);
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

void source_text_release(struct source_text **all)
{
	struct source_text *t, *next;

	HASH_ITER (hh, *all, t, next) {
		HASH_DEL(*all, t);
		free(t->path);
		free(t->lines);
		free(t);
	}
}
