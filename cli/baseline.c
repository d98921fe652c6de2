/* SPDX-License-Identifier: MIT */
#include "baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "text_file.h"

#define HEADER                                                                 \
	"# refknot baseline 1: accepted findings, sorted; see refknot-check(1)"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- Reading ---------------------------------------------------------------- */

/* "count=3": the number; false: it is something else. */
static bool read_number(const char *word, const char *name, uint64_t *value)
{
	size_t length = strlen(name);
	char *end;

	if (!word || strncmp(word, name, length) || word[length] < '0' ||
	    word[length] > '9')
		return false;
	errno = 0;
	*value = strtoull(word + length, &end, 10);
	return !*end && !errno;
}

/* 16 hex digits, and ".2" perhaps. */
static bool is_signature(const char *word)
{
	size_t length = word ? strspn(word, "0123456789abcdef") : 0;

	if (length != 16)
		return false;
	word += length;
	return !*word || (*word == '.' && word[1] &&
			  !word[1 + strspn(word + 1, "0123456789")]);
}

static char *copy_trimmed(const char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		length--;
	return length ? xasprintf("%.*s", (int)length, text) : NULL;
}

/* One line without its comment; NULL, or what is wrong with it. */
static const char *read_entry(struct baseline_entry *e, char *line)
{
	char *rest = NULL;
	char *signature = strtok_r(line, " \t\r", &rest);
	char *kind = strtok_r(NULL, " \t\r", &rest);

	if (!is_signature(signature))
		return "a line begins with a signature of 16 hex digits";
	if (!kind)
		return "behind the signature stands the kind of finding";
	if (!read_number(strtok_r(NULL, " \t\r", &rest), "count=", &e->count) ||
	    !read_number(strtok_r(NULL, " \t\r", &rest), "bytes=", &e->bytes))
		return "behind the kind stand count=N and bytes=N";
	e->signature = xstrdup(signature);
	e->kind = xstrdup(kind);
	e->text = rest ? copy_trimmed(rest) : NULL;
	return NULL;
}

static const char *read_line(struct baseline *b, char *line, unsigned number)
{
	struct baseline_entry e = { .line = number };
	char *comment = strchr(line, '#');
	const char *wrong;

	if (comment) {
		*comment = '\0';
		e.comment = copy_trimmed(comment + 1);
	}
	if (!line[strspn(line, " \t\r")]) {
		free(e.comment);
		return NULL;
	}
	wrong = read_entry(&e, line);
	if (wrong) {
		free(e.comment);
		return wrong;
	}
	b->list = xreallocarray(b->list, b->count + 1, sizeof(*b->list));
	b->list[b->count++] = e;
	return NULL;
}

static void release_entry(struct baseline_entry *e)
{
	free(e->signature);
	free(e->kind);
	free(e->comment);
	free(e->text);
}

static int by_signature(const void *a, const void *b)
{
	const struct baseline_entry *x = a, *y = b;
	int order = strcmp(x->signature, y->signature);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void unite(struct baseline_entry *kept, struct baseline_entry *other)
{
	if (other->count > kept->count)
		kept->count = other->count;
	if (other->bytes > kept->bytes)
		kept->bytes = other->bytes;
	if (!kept->comment) {
		kept->comment = other->comment;
		other->comment = NULL;
	}
	release_entry(other);
}

static void sort(struct baseline *b)
{
	size_t kept = 0;

	if (!b->count)
		return;
	qsort(b->list, b->count, sizeof(*b->list), by_signature);
	for (size_t i = 1; i < b->count; i++) {
		if (strcmp(b->list[kept].signature, b->list[i].signature))
			b->list[++kept] = b->list[i];
		else
			unite(&b->list[kept], &b->list[i]);
	}
	b->count = kept + 1;
}

bool baseline_parse(struct baseline *b, const char *path, const char *text,
		    char *error, size_t size)
{
	char *copy = xstrdup(text), *rest = copy, *line;
	const char *wrong = NULL;

	*b = (struct baseline){ .path = xstrdup(path) };
	for (unsigned n = 1; !wrong && (line = strsep(&rest, "\n")); n++) {
		wrong = read_line(b, line, n);
		if (wrong)
			snprintf(error, size, "%s:%u: %s; see refknot-check(1)",
				 path, n, wrong);
	}
	free(copy);
	if (wrong)
		baseline_release(b);
	else
		sort(b);
	return !wrong;
}

void baseline_read(struct baseline *b, const char *path, bool may_lack)
{
	char error[512];
	char *text;

	if (may_lack && access(path, F_OK) && errno == ENOENT)
		text = xstrdup("");
	else
		text = text_file_read(path, "a baseline");
	if (!baseline_parse(b, path, text, error, sizeof(error)))
		die(STATUS_INPUT, "%s", error);
	free(text);
}

void baseline_release(struct baseline *b)
{
	for (size_t i = 0; i < b->count; i++)
		release_entry(&b->list[i]);
	free(b->list);
	free(b->path);
	*b = (struct baseline){ 0 };
}

/* --- Findings --------------------------------------------------------------- */

static int compare_signature(const void *signature, const void *entry)
{
	return strcmp(signature,
		      ((const struct baseline_entry *)entry)->signature);
}

static struct baseline_entry *find(const struct baseline *b,
				   const char *signature)
{
	return b->count ? bsearch(signature, b->list, b->count,
				  sizeof(*b->list), compare_signature)
			: NULL;
}

void baseline_apply(struct baseline *b, struct issues *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct issue *one = &list->list[i];
		struct baseline_entry *e = find(b, one->signature);

		if (!e)
			continue;
		e->seen = true;
		one->known_count = e->count;
		one->known_bytes = e->bytes;
		if (one->state == ISSUE_SUPPRESSED)
			continue;
		one->state = one->count > e->count ||
				     one->bytes + one->held_bytes > e->bytes
				 ? ISSUE_GROWN
				 : ISSUE_KNOWN;
	}
}

static int by_issue_signature(const void *a, const void *b)
{
	const struct issue *const *x = a, *const *y = b;

	return strcmp((*x)->signature, (*y)->signature);
}

/* One word of a name, without what would end the entry. */
static void write_word(FILE *out, const char *name)
{
	char *text = escape(name);

	for (char *c = text; *c; c++)
		if (*c == '#')
			*c = '?';
	fprintf(out, " %s", text);
	free(text);
}

/* The function and file to blame. */
static void write_place(FILE *out, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	const char *file = i->path ? i->path : f ? f->file : NULL;

	if (f)
		write_word(out, f->function);
	if (file)
		write_word(out, base_name(file));
}

static void write_entry(FILE *out, const struct issue *i,
			const struct baseline_entry *old)
{
	fprintf(out, "%s %s count=%" PRIu64 " bytes=%" PRIu64, i->signature,
		finding_kind_name(i->kind), i->count, i->bytes + i->held_bytes);
	write_place(out, i);
	if (old && old->comment)
		fprintf(out, "  # %s", old->comment);
	fputc('\n', out);
}

static void write_all(FILE *out, const struct baseline *b,
		      const struct issues *list)
{
	const struct issue **sorted = xcalloc(list->count, sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].state != ISSUE_SUPPRESSED)
			sorted[n++] = &list->list[i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_issue_signature);
	fputs(HEADER "\n", out);
	for (size_t i = 0; i < n; i++)
		write_entry(out, sorted[i], find(b, sorted[i]->signature));
	free(sorted);
}

int baseline_write(const struct baseline *b, const struct issues *list)
{
	struct text_file f;
	int error = text_file_create(&f, b->path);

	if (error)
		return error;
	write_all(f.out, b, list);
	return text_file_commit(&f);
}
