/* SPDX-License-Identifier: MIT */
/* The baseline's file, from what was found. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "baseline.h"
#include "die.h"
#include "escape.h"
#include "frame_calls.h"
#include "text_file.h"

#define HEADER                                                                 \
	"# refknot baseline 1: accepted findings, sorted; see refknot-check(1)"

/* What one line of the file is of: an issue, or an entry that stays. */
struct row {
	const char *signature;
	const struct issue *issue; /* NULL: the entry as it is */
	const struct baseline_entry *entry;
	const struct baseline_growth *growth; /* NULL: of a finding */
	bool most; /* of the numbers there and here: of a part of the runs */
};

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

static void write_end(FILE *out, const struct baseline_entry *e)
{
	if (e && e->comment)
		fprintf(out, "  # %s", e->comment);
	fputc('\n', out);
}

static void write_frames(FILE *out, const struct issue *i,
			 const struct baseline_entry *e, uint64_t held)
{
	const struct frame_lines *l = i ? &i->lines : &e->lines;
	const char *type = i ? i->object_type : e->type;

	/* What is not known here and now may be where it was written. */
	if (i && e && !i->kin && !frame_lines_known(l) &&
	    frame_lines_known(&e->lines))
		l = &e->lines;
	if (frame_lines_known(l)) {
		fputs(" lines=", out);
		frame_lines_print(out, l);
	}
	if (held)
		fprintf(out, " held=%" PRIu64, held);
	if (i && l->count == i->lines.count && !frame_calls_known(l))
		l = &i->lines;
	if (frame_calls_known(l)) {
		fputs(" calls=", out);
		frame_calls_print(out, l);
	}
	if (type) {
		fputs(" type=", out);
		frame_calls_print_word(out, type);
	}
}

/* Of a part of the runs the takers of the others stay. */
static void write_takers(FILE *out, const struct row *r)
{
	struct takers t = { 0 };

	if (r->issue)
		takers_unite(&t, &r->issue->takers);
	if (r->entry && (!r->issue || r->most || !t.count))
		takers_unite(&t, &r->entry->takers);
	if (t.count) {
		fputs(" takers=", out);
		takers_print(out, &t);
	}
	takers_release(&t);
}

static void write_row(FILE *out, const struct row *r)
{
	const struct issue *i = r->issue;
	const struct baseline_entry *e = r->entry;
	const struct issue_frame *f = i ? issue_place(i) : NULL;
	const char *file = i && i->path ? i->path : f ? f->file : NULL;
	uint64_t count = i ? i->count : e->count;
	uint64_t bytes = i ? i->bytes + i->held_bytes : e->bytes;
	uint64_t held = i ? i->held_bytes : e->held;

	if (r->most && e && e->count > count)
		count = e->count;
	if (r->most && e && e->bytes > bytes) {
		bytes = e->bytes;
		held = e->held;
	}
	fprintf(out, "%s %s count=%" PRIu64 " bytes=%" PRIu64, r->signature,
		i ? finding_kinds[i->kind].name : e->kind, count, bytes);
	if (e && e->passes)
		fprintf(out, " passes=%" PRIu64, e->passes);
	write_frames(out, i, e, held);
	write_takers(out, r);
	if (f)
		write_word(out, f->function);
	if (file)
		write_word(out, base_name(file));
	if (!i && e->text)
		fprintf(out, " %s", e->text);
	write_end(out, e);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->signature, y->signature);
}

static bool is_faster(const struct baseline_growth *a,
		      const struct baseline_growth *b)
{
	return (double)a->objects * (double)b->passes >
	       (double)b->objects * (double)a->passes;
}

/* The same of several processes once, where it is fastest; of these the first. */
static bool is_written(const struct baseline *b, size_t at)
{
	const struct baseline_growth *g = &b->growth[at];

	for (size_t i = 0; i < b->growth_count; i++)
		if (i != at && !strcmp(b->growth[i].signature, g->signature) &&
		    (is_faster(&b->growth[i], g) ||
		     (i < at && !is_faster(g, &b->growth[i]))))
			return false;
	return true;
}

static struct row *list_rows(const struct baseline *b,
			     const struct issues *list, bool keep_stale,
			     struct baseline_changes *c)
{
	struct row *rows =
	    xcalloc(list->count + b->count + b->growth_count, sizeof(*rows));
	size_t n = 0;

	*c = (struct baseline_changes){ 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct issue *one = &list->list[i];

		if (one->state == ISSUE_SUPPRESSED)
			continue;
		rows[n++] = (struct row){ .signature = one->signature,
					  .issue = one,
					  .entry = one->entry,
					  .most = keep_stale };
		c->added += !one->entry;
		c->moved += one->entry && one->kin;
	}
	for (size_t k = 0; k < b->count; k++) {
		const struct baseline_entry *e = &b->list[k];
		bool asked = !e->passes || b->growth_asked;

		if (asked && e->accepts)
			continue;
		c->removed += asked && !keep_stale;
		c->stale += asked && keep_stale;
		if (!asked || keep_stale)
			rows[n++] = (struct row){ .signature = e->signature,
						  .entry = e };
	}
	for (size_t i = 0; i < b->growth_count; i++) {
		const struct baseline_growth *g = &b->growth[i];

		if (!is_written(b, i))
			continue;
		rows[n++] = (struct row){ .signature = g->signature,
					  .entry = g->entry,
					  .growth = g,
					  .most = keep_stale };
		c->added += !g->entry;
	}
	c->kept = n - c->added;
	return rows;
}

int baseline_write(const struct baseline *b, const struct issues *list,
		   bool keep_stale, int program_status,
		   struct baseline_changes *c)
{
	struct text_file f;
	struct row *rows;
	size_t count;
	int error = text_file_create(&f, b->path);

	if (error)
		return error;
	rows = list_rows(b, list, keep_stale, c);
	count = c->added + c->kept;
	if (count)
		qsort(rows, count, sizeof(*rows), compare_rows);
	fputs(HEADER "\n", f.out);
	if (program_status)
		fprintf(f.out,
			"# written beside a program that exited with %d\n",
			program_status);
	for (size_t i = 0; i < count; i++) {
		const struct baseline_growth *g = rows[i].growth;
		const struct baseline_entry *e = rows[i].entry;
		/* Of a part of the runs the faster growth stays. */
		bool old = g && rows[i].most && e && g->accepted;

		if (!g) {
			write_row(f.out, &rows[i]);
			continue;
		}
		fprintf(f.out,
			"%s " BASELINE_GROWTH " count=%" PRIu64
			" bytes=%" PRIu64 " passes=%" PRIu64,
			rows[i].signature, old ? e->count : g->objects,
			old ? e->bytes : g->bytes, old ? e->passes : g->passes);
		write_word(f.out, g->text);
		write_end(f.out, e);
	}
	free(rows);
	return text_file_commit(&f);
}
