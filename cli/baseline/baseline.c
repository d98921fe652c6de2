/* SPDX-License-Identifier: MIT */
#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "frame_calls.h"
#include "list.h"
#include "status.h"
#include "text_file.h"

#define HEADER  "# refknot baseline "
#define VERSION 1
#define LINES   "lines="
#define CALLS   "calls="
#define TYPE    "type="
#define TAKERS  "takers="
#define HELD    "held="
#define PASSES  "passes="

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

static bool is_kind(const char *word)
{
	for (int i = 0; i < FINDING_KINDS; i++)
		if (!strcmp(finding_kind_name(i), word))
			return true;
	return !strcmp(word, BASELINE_GROWTH);
}

static const char *read_lines(struct baseline_entry *e, const char *word)
{
	return frame_lines_parse(&e->lines, word)
		   ? NULL
		   : "behind lines= stand offsets and hashes as in +3:1a2b,?,+2";
}

static const char *read_calls(struct baseline_entry *e, const char *word)
{
	return frame_calls_parse(&e->lines, word)
		   ? NULL
		   : "behind calls= stand functions as in parse<(work)<main, as many as lines= has";
}

static const char *read_type(struct baseline_entry *e, const char *word)
{
	e->type = frame_calls_read_word(word, strlen(word));
	return e->type ? NULL : "behind type= stands a type of refknot.h";
}

static const char *read_passes(struct baseline_entry *e, const char *word)
{
	return read_number(word, "", &e->passes) && e->passes
		   ? NULL
		   : "behind passes= stands their number";
}

static const char *read_held(struct baseline_entry *e, const char *word)
{
	return read_number(word, "", &e->held) && e->held <= e->bytes
		   ? NULL
		   : "behind held= stands a part of the bytes";
}

static const char *read_takers(struct baseline_entry *e, const char *word)
{
	return takers_parse(&e->takers, word)
		   ? NULL
		   : "behind takers= stand functions with commas between";
}

/* "lines=+3:1a2b" and the like, in this order, and what is for people. */
static const char *read_rest(struct baseline_entry *e, char *rest)
{
	static const struct {
		const char *name;
		const char *(*read)(struct baseline_entry *e, const char *word);
	} fields[] = {
		{ PASSES, read_passes }, { LINES, read_lines },
		{ HELD, read_held },     { CALLS, read_calls },
		{ TYPE, read_type },     { TAKERS, read_takers },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t length = strlen(fields[i].name), size;
		const char *wrong;
		char *copy;

		rest += strspn(rest, " \t\r");
		if (strncmp(rest, fields[i].name, length) != 0)
			continue;
		rest += length;
		size = strcspn(rest, " \t\r");
		copy = xstrndup(rest, size);
		wrong = fields[i].read(e, copy);
		free(copy);
		if (wrong)
			return wrong;
		rest += size;
	}
	e->text = copy_trimmed(rest);
	return NULL;
}

/* One line without its comment; NULL, or what is wrong with it. */
static const char *read_entry(struct baseline_entry *e, char *line)
{
	const char *wrong;
	char *rest = NULL;
	char *signature = strtok_r(line, " \t\r", &rest);
	char *kind = strtok_r(NULL, " \t\r", &rest);

	if (!is_signature(signature))
		return "a line begins with a signature of 16 hex digits";
	if (!kind)
		return "behind the signature stands the kind of finding";
	if (!is_kind(kind))
		return "no kind of finding is called like its second word";
	if (!read_number(strtok_r(NULL, " \t\r", &rest), "count=", &e->count) ||
	    !read_number(strtok_r(NULL, " \t\r", &rest), "bytes=", &e->bytes))
		return "behind the kind stand count=N and bytes=N";
	e->signature = xstrdup(signature);
	e->kind = xstrdup(kind);
	wrong = rest ? read_rest(e, rest) : NULL;
	if (!wrong && !strcmp(kind, BASELINE_GROWTH) != (e->passes > 0))
		return "passes=N stands behind the numbers of growth, and there alone";
	return wrong;
}

static void release_entry(struct baseline_entry *e)
{
	free(e->signature);
	free(e->kind);
	free(e->comment);
	free(e->text);
	free(e->type);
	takers_release(&e->takers);
	frame_lines_release(&e->lines);
}

/* Of a file that another refknot wrote. */
static const char *check_header(const char *line)
{
	uint64_t version;
	char *copy, *end;
	bool known;

	if (strncmp(line, HEADER, strlen(HEADER)))
		return NULL;
	copy = xstrdup(line + strlen(HEADER));
	end = copy + strspn(copy, "0123456789");
	known = end == copy || *end == '.';
	*end = '\0';
	known |= read_number(copy, "", &version) && version == VERSION;
	free(copy);
	return known ? NULL
		     : "this refknot reads baselines of version 1; write the "
		       "file anew with --update-baseline into another";
}

static const char *read_line(struct baseline *b, char *line, unsigned number)
{
	struct baseline_entry e = { .line = number };
	char *comment = strchr(line, '#');
	const char *wrong = check_header(line);

	if (wrong)
		return wrong;
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
		release_entry(&e);
		return wrong;
	}
	*LIST_ADD(b->list, b->count) = e;
	return NULL;
}

static int by_signature(const void *a, const void *b)
{
	const struct baseline_entry *x = a, *y = b;
	int order = strcmp(x->signature, y->signature);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Growth is so many a pass. */
static bool is_slower(const struct baseline_entry *e,
		      const struct baseline_entry *other)
{
	return (double)e->count * (double)other->passes <
	       (double)other->count * (double)e->passes;
}

static void unite(struct baseline_entry *kept, struct baseline_entry *other)
{
	if (kept->passes && other->passes && is_slower(kept, other)) {
		kept->count = other->count;
		kept->bytes = other->bytes;
		kept->passes = other->passes;
	} else if (kept->passes) {
		other->count = other->bytes = 0;
	}
	if (other->count > kept->count)
		kept->count = other->count;
	if (other->bytes > kept->bytes) {
		kept->bytes = other->bytes;
		kept->held = other->held;
	}
	if (!kept->comment) {
		kept->comment = other->comment;
		other->comment = NULL;
	}
	takers_unite(&kept->takers, &other->takers);
	/* Lines that are not said would be any. */
	if (!frame_lines_known(&kept->lines)) {
		struct frame_lines lines = kept->lines;

		kept->lines = other->lines;
		other->lines = lines;
	}
	release_entry(other);
}

/* Among the first `count`, the one that is the same as `e`; NULL: none is. */
static struct baseline_entry *find_same(const struct baseline *b, size_t count,
					const struct baseline_entry *e)
{
	while (count && !strcmp(b->list[count - 1].signature, e->signature)) {
		struct baseline_entry *other = &b->list[--count];

		if (frame_lines_distance(&other->lines, &e->lines) !=
		    FRAME_LINES_OTHER)
			return other;
	}
	return NULL;
}

static void sort(struct baseline *b)
{
	size_t kept = 0;

	if (b->count)
		qsort(b->list, b->count, sizeof(*b->list), by_signature);
	for (size_t i = 0; i < b->count; i++) {
		struct baseline_entry *same = find_same(b, kept, &b->list[i]);

		if (same)
			unite(same, &b->list[i]);
		else
			b->list[kept++] = b->list[i];
	}
	b->count = kept;
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

	bool lacks = access(path, F_OK) && errno == ENOENT;

	if (lacks && !may_lack)
		die(STATUS_INPUT,
		    "%s cannot be read as a baseline: it is not there; --update-baseline writes it",
		    path);
	if (lacks)
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
