/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "die.h"
#include "source_text.h"
#include "source_words.h"

struct sources {
	char *root;
	struct source_text **texts; /* what was read */
	struct source_words **words;
};

struct sources *sources_open(const char *root)
{
	struct sources *s;
	struct stat st;
	char *path = realpath(root ? root : ".", NULL);

	if (!path)
		return NULL;
	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		free(path);
		errno = ENOTDIR;
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->root = path;
	s->texts = xcalloc(1, sizeof(struct source_text *));
	s->words = xcalloc(1, sizeof(struct source_words *));
	return s;
}

void sources_close(struct sources *s)
{
	if (!s)
		return;
	source_text_release(s->texts);
	source_words_release(s->words);
	free(s->texts);
	free(s->words);
	free(s->root);
	free(s);
}

const char *sources_root(const struct sources *s)
{
	return s->root;
}

static char *absolute(const struct sources *s, const char *file)
{
	return *file == '/' ? xstrdup(file) : xasprintf("%s/%s", s->root, file);
}

char *sources_within(const struct sources *s, const char *file)
{
	char *whole, *path;
	size_t length;
	char *result = NULL;

	if (!file || !*file)
		return NULL;
	whole = absolute(s, file);
	path = realpath(whole, NULL);
	free(whole);
	/* What follows the root, which may be "/". */
	length = strlen(s->root) == 1 ? 0 : strlen(s->root);
	if (path && !strncmp(path, s->root, length) && path[length] == '/')
		result = xstrdup(path + length + 1);
	free(path);
	return result;
}

bool sources_hash(const struct sources *s, const char *file, unsigned from,
		  unsigned line, uint16_t *hash)
{
	char *path = absolute(s, file);
	bool known = source_text_hash(s->texts, path, from, line, hash);

	free(path);
	return known;
}

bool sources_has(const struct sources *s, const char *file, unsigned from,
		 uint16_t hash, bool *known)
{
	char *path = absolute(s, file);
	bool has = source_text_has(s->texts, path, from, hash, known);

	free(path);
	return has;
}

bool sources_is_quiet(const struct sources *s, const char *file, unsigned line)
{
	char *path = absolute(s, file);
	bool quiet = source_text_is_quiet(s->texts, path, line);

	free(path);
	return quiet;
}

bool sources_is_statement(const struct sources *s, const char *file,
			  unsigned first, unsigned last)
{
	char *path = absolute(s, file);
	bool one = source_text_is_statement(s->texts, path, first, last);

	free(path);
	return one;
}

bool sources_has_word(const struct sources *s, const char *file,
		      const char *name)
{
	char *path = absolute(s, file);
	bool has = source_words_has(s->words, path, name);

	free(path);
	return has;
}

/* Where what is written of the path ends without its last part; NULL: there is
 * none that ".." could take back. */
static char *go_up(char *path, char *end)
{
	char *slash = memrchr(path, '/', (size_t)(end - path));
	char *last = slash ? slash + 1 : path;

	if (end == path || (end - last == 2 && !memcmp(last, "..", 2)))
		return NULL;
	return slash ? slash : path;
}

/* By its text, as if there were no links. */
static char *straightened(const char *path)
{
	char *copy = xstrdup(path), *rest = copy, *word;
	char *result = xmalloc(strlen(path) + 2), *end = result, *up;

	while ((word = strsep(&rest, "/"))) {
		if (!*word || !strcmp(word, "."))
			continue;
		up = strcmp(word, "..") ? NULL : go_up(result, end);
		if (up) {
			end = up;
		} else if (strcmp(word, "..") || *path != '/') {
			if (end > result || *path == '/')
				*end++ = '/';
			end = stpcpy(end, word);
		}
	}
	*end = '\0';
	free(copy);
	return result;
}

char *sources_straight(char *path)
{
	char *straight;

	if (!path || (!strstr(path, "//") && !strstr(path, "./")))
		return path;
	straight = *path == '/' ? realpath(path, NULL) : NULL;
	if (!straight)
		straight = straightened(path);
	free(path);
	return straight;
}
