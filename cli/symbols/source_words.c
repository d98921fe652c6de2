/* SPDX-License-Identifier: MIT */
#include "source_words.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "fnv.h"
#include "hash.h"
#include "list.h"
#include "regular_file.h"

struct source_words {
	char *directory;
	uint64_t *list; /* hashes, ascending, each once */
	size_t count, capacity;
	size_t bytes; /* that were read */
	bool known;
	UT_hash_handle hh;
};

static const char *const suffixes[] = {
	"c", "cc",  "cpp", "cxx", "C",   "h",   "hh", "hpp",
	"H", "hxx", "inc", "inl", "ipp", "tcc", "l",  "y",
};

static bool is_source(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (!strcmp(dot + 1, suffixes[i]))
			return true;
	return false;
}

/* --- Words ----------------------------------------------------------------- */

static void sort(struct source_words *w)
{
	size_t n = 0;

	if (w->count)
		qsort(w->list, w->count, sizeof(*w->list), list_ascending_64);
	for (size_t i = 0; i < w->count; i++)
		if (!n || w->list[n - 1] != w->list[i])
			w->list[n++] = w->list[i];
	w->count = n;
}

static bool is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* Where a comment, a text or a character that begins at `at` ends; `at`: none
 * does. What has no end ends with the line, but a comment with the file. */
static size_t skip(const char *text, size_t size, size_t at)
{
	const char quote = text[at], next = at + 1 < size ? text[at + 1] : '\0';
	size_t i = at + 1;

	if (quote == '/' && next == '*') {
		const char *end =
		    i + 1 < size ? memmem(text + i + 1, size - i - 1, "*/", 2)
				 : NULL;

		return end ? (size_t)(end - text) + 2 : size;
	}
	if (quote != '"' && quote != '\'' && !(quote == '/' && next == '/'))
		return at;
	while (i < size && text[i] != '\n' &&
	       (quote == '/' || text[i] != quote))
		i += 1 + (text[i] == '\\');
	return i < size ? i + 1 : size;
}

static void add_words(struct source_words *w, const char *text, size_t size)
{
	size_t i = 0;

	while (i < size) {
		size_t from = i;

		while (i < size && is_of_word(text[i]))
			i++;
		if (i > from) {
			uint64_t word =
			    fnv_bytes(FNV_OFFSET, text + from, i - from);

			if (w->count == w->capacity) {
				sort(w);
				w->capacity = 2 * w->count + 1024;
				w->list = xreallocarray(w->list, w->capacity,
							sizeof(*w->list));
			}
			w->list[w->count++] = word;
			continue;
		}
		i = skip(text, size, i);
		i += i == from;
	}
}

/* --- Files ----------------------------------------------------------------- */

/* False: it is too large for what is left. What cannot be read has no words. */
static bool add_file(struct source_words *w, const char *path)
{
	size_t size;
	char *text =
	    regular_file_read(path, SOURCE_WORDS_MOST - w->bytes, &size);

	if (!text)
		return !size;
	add_words(w, text, size);
	free(text);
	w->bytes += size;
	return true;
}

static void read_directory(struct source_words *w)
{
	DIR *dir = opendir(w->directory);
	const struct dirent *one;

	w->known = dir != NULL;
	while (w->known && (one = readdir(dir))) {
		char *path;

		if (!is_source(one->d_name))
			continue;
		path = xasprintf("%s/%s", w->directory, one->d_name);
		w->known = add_file(w, path);
		free(path);
	}
	if (dir)
		closedir(dir);
	sort(w);
}

static struct source_words *find(struct source_words **all, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory =
	    slash ? xasprintf("%.*s", (int)(slash - path), path) : xstrdup(".");
	struct source_words *w;

	HASH_FIND_STR(*all, directory, w);
	if (w) {
		free(directory);
		return w;
	}
	w = xcalloc(1, sizeof(*w));
	w->directory = directory;
	read_directory(w);
	HASH_ADD_KEYPTR(hh, *all, w->directory, strlen(w->directory), w);
	return w;
}

bool source_words_has(struct source_words **all, const char *path,
		      const char *name)
{
	size_t end = strcspn(name, "(<"), from = end;
	const struct source_words *w;
	uint64_t word;

	while (from && is_of_word(name[from - 1]))
		from--;
	if (from == end)
		return true;
	w = find(all, path);
	word = fnv_bytes(FNV_OFFSET, name + from, end - from);
	return !w->known ||
	       (w->count && bsearch(&word, w->list, w->count, sizeof(*w->list),
				    list_ascending_64));
}

void source_words_release(struct source_words **all)
{
	struct source_words *w, *next;

	HASH_ITER (hh, *all, w, next) {
		HASH_DEL(*all, w);
		free(w->directory);
		free(w->list);
		free(w);
	}
}
