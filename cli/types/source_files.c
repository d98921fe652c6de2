/* SPDX-License-Identifier: MIT */
#include "source_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"
#include "regular_file.h"
#include "source_text.h"

static void find_lines(struct source_file *f)
{
	const char *end = f->text + f->size, *at = f->text;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		*LIST_ADD(f->lines, f->count) = (size_t)(at - f->text);
		if (!newline)
			break;
		at = newline + 1;
	}
}

struct source_file *source_files_get(struct source_file **all, const char *path)
{
	struct source_file *f;
	struct stat st;

	HASH_FIND_STR(*all, path, f);
	if (f)
		return f;
	f = xcalloc(1, sizeof(*f));
	f->path = xstrdup(path);
	HASH_ADD_KEYPTR(hh, *all, f->path, strlen(f->path), f);
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return f;
	f->changed = st.st_mtim;
	f->text = regular_file_read(path, SOURCE_TEXT_MOST, &f->size);
	if (f->text)
		find_lines(f);
	return f;
}

void source_files_release(struct source_file **all)
{
	struct source_file *f, *next;

	HASH_ITER (hh, *all, f, next) {
		HASH_DEL(*all, f);
		free(f->path);
		free(f->text);
		free(f->lines);
		free(f);
	}
}

const char *source_file_lines(const struct source_file *f, unsigned from,
			      unsigned to, size_t *size)
{
	size_t first = from ? from - 1 : 0, end;

	*size = 0;
	if (first >= f->count)
		return "";
	end = to < f->count ? f->lines[to] : f->size;
	*size = end > f->lines[first] ? end - f->lines[first] : 0;
	return f->text + f->lines[first];
}

bool source_file_has_sum(struct source_file *f,
			 const unsigned char sum[MD5_SIZE])
{
	if (!f->summed)
		md5(f->sum, f->text, f->size);
	f->summed = true;
	return !memcmp(f->sum, sum, MD5_SIZE);
}
