/* SPDX-License-Identifier: MIT */
/* The call stack on a card: the source around the call that allocates, where that
 * is, and the callers that a person needs to know which call it was. */
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "die.h"
#include "escape.h"
#include "place.h"
#include "walk.h"
#include "wrap.h"

#define MOST_ROWS    6  /* lines of callers */
#define NEAR_ROWS    4  /* of them if one that is far out tells it apart */
#define MOST_THROUGH 2  /* functions between the call and the site */
#define MOST_COLUMN  32 /* of functions */
#define MOST_SOURCE  63 /* columns of a line of source */
#define TAB          8

/* --- Source --------------------------------------------------------------------- */

/* The line without its tabs, fit for a terminal; the caller frees it. */
static char *expand(const char *line, size_t size)
{
	char *wide = xmalloc(size * TAB + 1), *text;
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (line[i] == '\t')
			do
				wide[n++] = ' ';
			while (n % TAB);
		else if (line[i] != '\r')
			wide[n++] = line[i];
	}
	while (n && wide[n - 1] == ' ')
		n--;
	wide[n] = '\0';
	text = escape(wide);
	free(wide);
	return text;
}

/* What the three lines begin with alike, columns. */
static size_t margin_of(char *const *lines)
{
	size_t margin = SIZE_MAX;

	for (int i = 0; i < 3; i++) {
		size_t spaces = strspn(lines[i], " ");

		if (lines[i][spaces] && spaces < margin)
			margin = spaces;
	}
	return margin;
}

/* The bytes of the first `most` columns of UTF-8. */
static size_t bytes_of(const char *text, size_t most)
{
	size_t bytes = 0;

	while (text[bytes] && most--)
		do
			bytes++;
		while (((unsigned char)text[bytes] & 0xc0) == 0x80);
	return bytes;
}

/* Line `number` of the file without its end, fit for a terminal; the caller frees
 * it. */
static char *line_of(const struct source_file *file, unsigned number)
{
	size_t size = 0;
	const char *text =
	    number ? source_file_lines(file, number, number, &size) : "";

	while (size && text[size - 1] == '\n')
		size--;
	return expand(text, size);
}

static void print_line(const struct printer *p, unsigned number, bool marked,
		       const char *text)
{
	size_t bytes = bytes_of(text, MOST_SOURCE);

	fprintf(p->out, "   %s%5u |%s%.*s%s\n", marked ? "> " : "  ", number,
		bytes ? " " : "", (int)bytes, text, text[bytes] ? "..." : "");
}

static void print_source(const struct printer *p, uint32_t frame,
			 const struct location *at)
{
	const struct source_file *file =
	    at->line ? block_types_source(p->in->types, frame, at) : NULL;
	char *lines[3];
	size_t margin;

	if (!file || at->line > file->count)
		return;
	for (unsigned i = 0; i < 3; i++)
		lines[i] = line_of(file, at->line - 1 + i);
	margin = margin_of(lines);
	for (unsigned i = 0; i < 3; i++) {
		unsigned number = at->line - 1 + i;
		size_t length = strlen(lines[i]);

		if (number && number <= file->count)
			print_line(p, number, i == 1,
				   lines[i] +
				       (margin < length ? margin : length));
		free(lines[i]);
	}
}

/* --- Callers ----------------------------------------------------------------------- */

struct row {
	const struct location *at;
	unsigned times; /* it called itself */
};

struct rows {
	struct row list[MOST_ROWS];
	size_t count;
	size_t callers; /* all of them */
	size_t more;    /* that are not listed, outside of the last one */
	size_t between; /* likewise, between the list and `far` */
	const struct location
	    *far; /* what tells it apart; NULL: the list does */
	/* From the call to the site, the innermost first. */
	const struct location *through[MOST_THROUGH];
	size_t through_count;
	uint32_t frame; /* of the site */
};

static bool is_shown(const struct location *l)
{
	return !l->library && !place_is_of_libc(l);
}

/* The caller of number `depth` tells it apart. */
static void add_caller(struct rows *r, const struct location *l, size_t depth)
{
	struct row *last = r->count ? &r->list[r->count - 1] : NULL;
	const size_t most = depth < MOST_ROWS ? depth + 1 : NEAR_ROWS;

	if (!is_shown(l))
		return;
	if (++r->callers == depth && depth >= MOST_ROWS) {
		r->far = l;
		r->between = r->more;
		r->more = 0;
		return;
	}
	if (last && !r->far && !r->more && last->at->function && l->function &&
	    last->at->line == l->line &&
	    !strcmp(last->at->function, l->function))
		last->times++;
	else if (r->count < most && !r->more && !r->far)
		r->list[r->count++] = (struct row){ l, 1 };
	else
		r->more++;
}

/* A function of the program's own that allocates for the site. */
static void add_through(struct rows *r, const struct location *l)
{
	if (is_shown(l) && r->through_count < MOST_THROUGH)
		r->through[r->through_count++] = l;
}

static void find_rows(struct rows *r, const struct printer *p, uint32_t stack,
		      const struct location *site, size_t depth)
{
	const struct location *l;
	bool there = false;
	struct walk w;

	*r = (struct rows){ .frame = RKN_NONE };
	walk_begin(&w, p->in->m, p->in->symbols, stack);
	while ((l = walk_next(&w)) && !place_is_start(l)) {
		if (l == site) {
			there = true;
			r->frame = w.frame;
			r->list[r->count++] = (struct row){ l, 1 };
		} else if (there) {
			add_caller(r, l, depth);
		} else {
			add_through(r, l);
		}
	}
}

static size_t wider(size_t column, const struct location *l)
{
	char *name = place_function(l);
	size_t columns = wrap_columns(name, strlen(name));

	free(name);
	return columns > column && columns <= MOST_COLUMN ? columns : column;
}

static void print_row(const struct printer *p, const char *label,
		      const struct location *l, size_t column)
{
	char *place = card_place(l, column);

	card_line(p, label, "%s", place);
	free(place);
}

static void print_rows(const struct printer *p, const struct rows *r)
{
	size_t column = 0;

	for (size_t i = 0; i < r->count; i++)
		column = wider(column, r->list[i].at);
	for (size_t i = 0; i < r->through_count; i++)
		column = wider(column, r->through[i]);
	if (r->far)
		column = wider(column, r->far);
	for (size_t i = 0; i < r->count; i++) {
		const struct row *row = &r->list[i];

		print_row(p,
			  i == 0   ? "at"
			  : i == 1 ? "from"
				   : "",
			  row->at, column);
		if (row->times > 1)
			card_line(p, "", "... %u calls of itself",
				  row->times - 1);
		for (size_t k = 0; !i && k < r->through_count; k++)
			print_row(p, k ? "" : "by", r->through[k], column);
	}
	if (r->between)
		card_line(p, "", "... %zu more", r->between);
	if (r->far)
		print_row(p, "", r->far, column);
	if (r->more)
		card_line(p, "", "... %zu more", r->more);
}

void card_stack(const struct printer *p, uint32_t stack, unsigned depth)
{
	const struct location *site = block_types_place(p->in->types, stack);
	struct rows r;

	if (!site) {
		card_line(p, "at", "a place that is not known");
		return;
	}
	find_rows(&r, p, stack, site, depth);
	if (r.frame != RKN_NONE && r.frame)
		print_source(p, r.frame, site);
	print_rows(p, &r);
	if (p->in->m->stacks[stack].flags & RKN_STACK_TRUNCATED)
		card_line(p, "", "... its callers were not recorded");
}
