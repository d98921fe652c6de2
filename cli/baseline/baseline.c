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

/* Words that may follow the numbers, in this order. */
enum field {
	FIELD_PASSES,
	FIELD_LINES,
	FIELD_HELD,
	FIELD_CALLS,
	FIELD_TYPE,
	FIELD_TAKERS,
	FIELDS
};

static const struct {
	const char *name, *wrong;
} fields[FIELDS] = {
	[FIELD_PASSES] = { "passes=", "passes= needs their number" },
	[FIELD_LINES] = { "lines=",
			  "lines= needs offsets and hashes as in +3:1a2b,?,+2" },
	[FIELD_HELD] = { "held=", "held= needs a part of the bytes" },
	[FIELD_CALLS] = { "calls=",
			  "calls= needs functions as in parse<(work)<main, as many as lines= has" },
	[FIELD_TYPE] = { "type=", "type= needs a type of refknot.h" },
	[FIELD_TAKERS] = { "takers=",
			   "takers= needs functions with commas between" },
};

static bool read_field(struct baseline_entry *e, enum field field,
		       const char *word)
{
	switch (field) {
	case FIELD_PASSES:
		return read_number(word, "", &e->passes) && e->passes;
	case FIELD_LINES:
		return frame_lines_parse(&e->lines, word);
	case FIELD_HELD:
		return read_number(word, "", &e->held) && e->held <= e->bytes;
	case FIELD_CALLS:
		return frame_calls_parse(&e->lines, word);
	case FIELD_TYPE:
		e->type = frame_calls_read_word(word, strlen(word));
		return e->type;
	default:
		return takers_parse(&e->takers, word);
	}
}

/* "<<<<<<<", "=======", "|||||||" or ">>>>>>>", as version control leaves them. */
static bool is_conflict(const char *word)
{
	return word && strlen(word) == 7 && strchr("<=|>", *word) &&
	       strspn(word, (char[]){ *word, '\0' }) == 7;
}

/* Reads one line without its comment; NULL, or what is wrong with it. */
static const char *read_entry(struct baseline_entry *e, char *line)
{
	char *rest = NULL;
	char *signature = strtok_r(line, " \t\r", &rest);
	char *kind = strtok_r(NULL, " \t\r", &rest);
	bool growth = kind && !strcmp(kind, BASELINE_GROWTH), known = growth;

	if (is_conflict(signature))
		return "a merge has left this conflict marker; keep the lines of both sides without the markers, or make the file again with --update-baseline";
	if (!is_signature(signature))
		return "a line begins with a signature of 16 hex digits";
	if (!kind)
		return "the kind of finding follows the signature";
	for (int i = 0; i < FINDING_KINDS; i++)
		known |= !strcmp(finding_kinds[i].name, kind);
	if (!known)
		return "no kind of finding is called like its second word";
	if (!read_number(strtok_r(NULL, " \t\r", &rest), "count=", &e->count) ||
	    !read_number(strtok_r(NULL, " \t\r", &rest), "bytes=", &e->bytes))
		return "count=N and bytes=N follow the kind";
	e->signature = xstrdup(signature);
	e->kind = xstrdup(kind);
	for (unsigned i = 0; i < FIELDS && rest; i++) {
		size_t length = strlen(fields[i].name);
		char *word;
		bool right;

		rest += strspn(rest, " \t\r");
		if (strncmp(rest, fields[i].name, length) != 0)
			continue;
		word = xstrndup(rest + length, strcspn(rest + length, " \t\r"));
		rest += length + strlen(word);
		right = read_field(e, i, word);
		free(word);
		if (!right)
			return fields[i].wrong;
	}
	e->text = rest ? copy_trimmed(rest) : NULL;
	if (growth != (e->passes > 0))
		return "passes=N follows the numbers of growth, and only these";
	return NULL;
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

static const char *read_line(struct baseline *b, char *line, unsigned number)
{
	struct baseline_entry e = { .line = number };
	char *comment = strchr(line, '#');
	const char *wrong;

	/* The header of a file that another refknot wrote. */
	if (!strncmp(line, HEADER, strlen(HEADER))) {
		const char *version = line + strlen(HEADER);
		char *end;
		uint64_t n = strtoull(version, &end, 10);

		if (strspn(version, "0123456789") && *end != '.' &&
		    n != VERSION)
			return "this refknot reads baselines of version 1; write the "
			       "file anew with --update-baseline into another";
	}
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

static void unite(struct baseline_entry *kept, struct baseline_entry *other)
{
	/* Growth is so many a pass. */
	if (kept->passes && other->passes &&
	    (double)kept->count * (double)other->passes <
		(double)other->count * (double)kept->passes) {
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

bool baseline_parse(struct baseline *b, const char *path, const char *text,
		    char *error, size_t size)
{
	char *copy = xstrdup(text), *rest = copy, *line;
	const char *wrong = NULL;
	size_t kept = 0;

	*b = (struct baseline){ .path = xstrdup(path) };
	for (unsigned n = 1; !wrong && (line = strsep(&rest, "\n")); n++) {
		wrong = read_line(b, line, n);
		if (wrong)
			snprintf(error, size, "%s:%u: %s; see refknot-check(1)",
				 path, n, wrong);
	}
	free(copy);
	if (wrong) {
		baseline_release(b);
		return false;
	}
	/* Sorts the entries, and unites those that are the same. */
	if (b->count)
		qsort(b->list, b->count, sizeof(*b->list), by_signature);
	for (size_t i = 0; i < b->count; i++) {
		struct baseline_entry *e = &b->list[i], *same = NULL;

		for (size_t k = kept;
		     k-- > 0 && !same &&
		     !strcmp(b->list[k].signature, e->signature);)
			if (frame_lines_distance(&b->list[k].lines,
						 &e->lines) !=
			    FRAME_LINES_OTHER)
				same = &b->list[k];
		if (same)
			unite(same, e);
		else
			b->list[kept++] = *e;
	}
	b->count = kept;
	return true;
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
	text = lacks ? xstrdup("") : text_file_read(path, "a baseline");
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
