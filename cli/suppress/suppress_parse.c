/* SPDX-License-Identifier: MIT */
/*
 * Suppressions files line by line: LeakSanitizer's rules, ours, and what
 * comments say. It must cope with any bytes.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "die.h"
#include "list.h"
#include "suppress_parser.h"

#define UNTIL "until:"

int suppress_fail(struct suppress_parser *p, const char *format, ...)
{
	size_t length = strlen(p->origin), most = SUPPRESS_ERROR_SIZE / 2;
	va_list arguments;
	int n;

	/* A path of any length leaves room for the reason. */
	n = snprintf(p->error, SUPPRESS_ERROR_SIZE,
		     "%s%s:%u: ", length > most ? "..." : "",
		     p->origin + (length > most ? length - most : 0),
		     p->number);
	va_start(arguments, format);
	vsnprintf(p->error + n, SUPPRESS_ERROR_SIZE - (size_t)n, format,
		  arguments);
	va_end(arguments);
	return -EINVAL;
}

/* --- Lines ---------------------------------------------------------------------- */

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

int suppress_next_line(struct suppress_parser *p)
{
	const char *newline;
	size_t size;
	char *text;

	if (p->at == p->end)
		return 0;
	p->number++;
	newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
	size = (size_t)((newline ? newline : p->end) - p->at);
	if (size > SUPPRESS_LINE_MOST)
		return suppress_fail(p,
				     "the line has %zu bytes; it may have %d",
				     size, SUPPRESS_LINE_MOST);
	if (memchr(p->at, '\0', size))
		return suppress_fail(p, "there is a NUL byte; this is to be a "
					"text file of suppressions");
	memcpy(p->line, p->at, size);
	p->line[size] = '\0';
	p->at = newline ? newline + 1 : p->end;
	text = trim(p->line);
	memmove(p->line, text, strlen(text) + 1);
	return 1;
}

/* --- Dates ---------------------------------------------------------------------- */

/* Of `count` digits; -1: they are not. */
static int read_number(const char *text, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + text[i] - '0';
	}
	return value;
}

/* The word "until:..." in `text`; NULL: there is none. */
static char *find_until(char *text)
{
	for (char *at = text; (at = strstr(at, UNTIL)); at++)
		if (at == text || strchr(" \t#", at[-1]))
			return at;
	return NULL;
}

/* In a comment it is a word like any other without a date at once behind it. */
static char *find_date(char *text)
{
	char *until = find_until(text);

	return until && !strchr(" \t", until[strlen(UNTIL)]) ? until : NULL;
}

/* Reads "2027-01-31" into the note; -EINVAL if it is something else. */
static int read_date(struct suppress_parser *p, const char *date, size_t length,
		     struct suppress_note *note)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool whole = length == 10 && date[4] == '-' && date[7] == '-';
	int year = whole ? read_number(date, 4) : -1;
	int month = whole ? read_number(date + 5, 2) : -1;
	int day = whole ? read_number(date + 8, 2) : -1;
	bool leap = (!(year % 4) && year % 100) || !(year % 400);

	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] + (month == 2 && leap))
		return suppress_fail(p,
				     "\"until:%.*s\" is not a date; it is "
				     "written until:2027-01-31",
				     length > 40 ? 40 : (int)length, date);
	if (note->until[0])
		return suppress_fail(p, "the entry has two dates");
	memcpy(note->until, date, length);
	note->until[length] = '\0';
	return 0;
}

int suppress_read_note(struct suppress_parser *p, char *text,
		       struct suppress_note *note)
{
	char *until = find_date(text);

	if (until) {
		char *date = until + strlen(UNTIL);
		size_t length = strcspn(date, " \t");

		if (read_date(p, date, length, note))
			return -EINVAL;
		memmove(until, date + length, strlen(date + length) + 1);
	}
	text += strspn(text, "# \t");
	text = trim(text);
	if (*text) {
		free(note->reason);
		note->reason = xstrdup(text);
	}
	return 0;
}

int suppress_read_name(struct suppress_parser *p, char *name)
{
	char *until = find_date(name), *date, *rest;
	size_t length;

	if (!until)
		return 0;
	date = until + strlen(UNTIL);
	length = strcspn(date, " \t");
	if (read_date(p, date, length, &p->note))
		return -EINVAL;
	rest = date + length;
	memmove(until, rest, strlen(rest) + 1);
	rest = trim(name);
	memmove(name, rest, strlen(rest) + 1);
	return 0;
}

/* --- Entries -------------------------------------------------------------------- */

/* The day itself still counts for an entry. */
static const char *today(struct suppressions *s)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!s->today[0] && localtime_r(&now, &tm))
		strftime(s->today, sizeof(s->today), "%Y-%m-%d", &tm);
	return s->today;
}

struct suppression *suppress_new(struct suppress_parser *p,
				 enum suppress_kind kind, const char *text,
				 unsigned line)
{
	struct suppressions *s = p->s;
	struct suppression *new = xcalloc(1, sizeof(*new));

	new->kind = kind;
	new->text = xstrdup(text);
	if (kind != SUPPRESS_BLOCK)
		new->pattern = xstrdup(text);
	new->origin = p->origin;
	new->line = line;
	new->reason = p->note.reason;
	memcpy(new->until, p->note.until, sizeof(new->until));
	new->expired = new->until[0] && strcmp(today(s), new->until) > 0;
	p->note = (struct suppress_note){ 0 };
	*LIST_ADD(s->list, s->count) = new;
	return new;
}

/* "PATTERN  until:2027-01-31  # reason": cut after the pattern. */
static int read_tail(struct suppress_parser *p, char *text)
{
	char *comment = text, *until;

	do
		comment = strchr(comment + 1, '#');
	while (comment && !strchr(" \t", comment[-1]));
	if (comment) {
		*comment++ = '\0';
		if (suppress_read_note(p, comment, &p->note))
			return -EINVAL;
	}
	until = find_until(text);
	if (!until)
		return 0;
	*until = '\0';
	until = trim(until + strlen(UNTIL));
	return read_date(p, until, strlen(until), &p->note);
}

static const struct rule_kind {
	const char *prefix;
	enum suppress_kind kind;
	bool ours; /* a reason must follow */
} rule_kinds[] = {
	{ "leak:", SUPPRESS_LEAK, false },
	{ "cycle:", SUPPRESS_CYCLE, true },
	{ "ref:", SUPPRESS_REF, true },
	{ "type:", SUPPRESS_TYPE, true },
};

int suppress_read_rule(struct suppress_parser *p)
{
	const struct rule_kind *kind = rule_kinds;
	char *pattern;
	const char *until;
	bool tail;

	while (strncmp(p->line, kind->prefix, strlen(kind->prefix)) != 0)
		if (++kind == rule_kinds + sizeof(rule_kinds) / sizeof(*kind))
			return suppress_fail(
			    p,
			    "\"%.80s\" is not a suppression; one begins with "
			    "leak:, cycle:, ref: or type:, or is a "
			    "line with only \"{\"",
			    p->line);
	pattern = p->line + strlen(kind->prefix);
	/* To LeakSanitizer all the rest is the pattern; but no function has a
	 * date in its name. */
	until = find_until(pattern);
	tail = kind->ours || (until && until != pattern);
	if (tail && *pattern && read_tail(p, pattern))
		return -EINVAL;
	if (tail)
		pattern = trim(pattern);
	if (!*pattern)
		return suppress_fail(p, "%s has no pattern; %s* is all of them",
				     kind->prefix, kind->prefix);
	if (kind->ours && !p->note.reason)
		return suppress_fail(p, "%s wants a reason: %s%.80s  # why",
				     kind->prefix, kind->prefix, pattern);
	suppress_new(p, kind->kind, pattern, p->number);
	return 0;
}

int suppress_read_comment(struct suppress_parser *p)
{
	if (p->note.until[0] && *p->line != '#')
		return suppress_fail(p,
				     "the date in the comment before stands "
				     "for no entry; it goes right above one");
	return find_date(p->line) ? suppress_read_note(p, p->line, &p->note)
				  : 0;
}
