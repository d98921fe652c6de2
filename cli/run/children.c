/* SPDX-License-Identifier: MIT */
#include "children.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "findings.h"
#include "killed.h"
#include "list.h"
#include "losses.h"
#include "paint.h"
#include "parts.h"
#include "recording_path.h"
#include "shell_word.h"
#include "text_stream.h"
#include "units.h"
#include "wishes.h"

#define FEW   2  /* most that have a line each below a report */
#define WORST 10 /* most that have one above it */

/* --- One --------------------------------------------------------------------------- */

/* "2 findings, 96 B lost, 5.0 MiB of mappings lost" */
static void print_losses(FILE *out, const struct rkn_meta *m,
			 const struct findings *found)
{
	uint64_t findings = losses_findings(m);
	char text[UNITS_SIZE];

	if (!found->checked)
		fprintf(out, "not checked, %s", found->why);
	else if (findings || !m->run_lost_mapped)
		fputs(findings ? units_count(text, findings, "finding")
			       : "nothing lost",
		      out);
	if (found->checked && m->run_lost_bytes)
		fprintf(out, ", %s lost", units_bytes(text, m->run_lost_bytes));
	if (m->run_lost_mapped)
		fprintf(out, "%s" LOSSES_MAPPED,
			findings || !found->checked ? ", " : "",
			units_bytes(text, m->run_lost_mapped));
}

/* "child app, pid 7: 2 findings, 96 B lost, and 1 possible leak; recording: r.rkn" */
static void make_line(struct child *c, const struct model *m,
		      const struct findings *found, const struct wishes *w,
		      bool main_program)
{
	char *program = escape(model_called(m)), *path = escape(m->path);
	char text[UNITS_SIZE], bytes_text[UNITS_SIZE];
	uint64_t bytes = 0, withheld = wishes_withheld(w, &bytes);
	size_t size;
	FILE *out = text_stream_open(&c->line, &size);

	fprintf(out, "%s%s, pid %" PRIu32 "%s: ",
		c->replaced || main_program ? "" : "child ", program,
		m->meta.pid, c->replaced ? " before its exec" : "");
	print_losses(out, &c->meta, found);
	if (found->checked && c->meta.run_possible)
		fprintf(out, ", and %" PRIu32 " possible leak%s",
			c->meta.run_possible,
			c->meta.run_possible == 1 ? "" : "s");
	if (found->checked && withheld)
		fprintf(out, " (%s of %s withheld by the program's own %s)",
			units_count(text, withheld, "finding"),
			units_bytes(bytes_text, bytes), wishes_origin(w));
	if (c->meta.end == RKN_END_SIGNAL)
		fprintf(out, ", ended by signal %" PRId32 " (%s)",
			m->meta.end_value, units_signal(m->meta.end_value));
	fprintf(out, "; recording: %s\n", path);
	text_stream_close(out);
	free(path);
	free(program);
}

struct rkn_meta children_add(struct children *children,
			     const struct reading *in, bool replaced,
			     bool main_program)
{
	struct child c = { .replaced = replaced, .meta = in->m->meta };
	struct wishes wishes;
	struct findings found;

	wishes_findings(&wishes, &found, in);
	losses_note(&c.meta, &found, in->m);
	make_line(&c, in->m, &found, &wishes, main_program);
	c.name = escape(model_called(in->m));
	c.path = xstrdup(in->m->path);
	findings_release(&found);
	wishes_release(&wishes);
	*LIST_ADD(children->list, children->count) = c;
	return c.meta;
}

bool children_have_findings(const struct children *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (losses_findings(&c->list[i].meta))
			return true;
	return false;
}

/* --- All, below a report ------------------------------------------------------------ */

static void print_some(FILE *out, uint64_t some, const char *what)
{
	if (some)
		fprintf(out, ", %" PRIu64 " %s", some, what);
}

/* "20 children: 17 with nothing lost, 1 that lost only mappings, 5.0 MiB, 2 not
 * checked" */
void children_tell(const struct children *c, FILE *out, bool full)
{
	struct losses_sums sums = { 0 };
	uint64_t replaced = 0, unchecked = 0, possible = 0;
	char text[UNITS_SIZE];

	if (full || c->count <= FEW) {
		for (size_t i = 0; i < c->count; i++)
			fputs(c->list[i].line, out);
		return;
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct child *one = &c->list[i];
		bool checked = one->meta.flags & RKN_META_JUDGED;

		replaced += one->replaced && !checked;
		unchecked += !one->replaced && !checked;
		losses_add(&sums, &one->meta);
		possible += one->meta.run_possible;
	}
	fprintf(out, "%zu children%s: %" PRIu64 " with nothing lost", c->count,
		replaced ? ", and programs before their exec" : "", sums.clean);
	if (sums.lost_mapped)
		fprintf(out, ", %" PRIu64 " that lost only mappings, %s",
			sums.mappers, units_bytes(text, sums.lost_mapped));
	if (possible)
		fprintf(out, ", %" PRIu64 " possible leak%s in all", possible,
			possible == 1 ? "" : "s");
	print_some(out, replaced, "not checked before their exec");
	print_some(out, unchecked, "not checked");
	print_some(out, sums.killed, "ended by a signal");
	fputs("; `refknot run --full` has a line for each\n", out);
}

/* --- All, above a report ------------------------------------------------------------ */

static int worst_first(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return losses_compare(&x->meta, &y->meta);
}

/* Whether `refknot report PID` opens list[i], and not another image of the same
 * process that is worse, or nothing. */
static bool is_found_by_pid(const struct children *c, size_t i,
			    const char *output)
{
	const size_t suffix = strlen(RECORDING_PATH_SUFFIX);
	const size_t size = output ? strlen(output) : 0;

	/* It looks for "*.rkn" here. */
	if (output &&
	    (strchr(output, '/') || *output == '.' || size <= suffix ||
	     strcmp(output + size - suffix, RECORDING_PATH_SUFFIX) != 0))
		return false;
	for (size_t k = 0; k < i; k++)
		if (c->list[k].meta.pid == c->list[i].meta.pid)
			return false;
	return true;
}

/* "leak [4711]   5 leaks, 9.9 KiB   refknot report 4711" */
static void print_rows(const struct children *c, FILE *out, size_t rows,
		       const char *output)
{
	int name_width = 0, text_width = 0;
	char *names[WORST], *texts[WORST];

	for (size_t i = 0; i < rows; i++) {
		const struct child *one = &c->list[i];
		char *text = losses_text(&one->meta);
		bool killed = one->meta.end == RKN_END_SIGNAL;
		int width;

		names[i] =
		    xasprintf("%s [%" PRIu32 "]", one->name, one->meta.pid);
		texts[i] =
		    xasprintf("%s%s%s", text, killed ? "; " : "",
			      killed ? killed_signal(one->meta.end_value) : "");
		free(text);
		width = (int)strlen(names[i]);
		name_width = width > name_width ? width : name_width;
		width = (int)strlen(texts[i]);
		text_width = width > text_width ? width : text_width;
	}
	for (size_t i = 0; i < rows; i++) {
		char *path = shell_word(c->list[i].path);

		fprintf(out, "   %-*s  %-*s  refknot report ", name_width,
			names[i], text_width, texts[i]);
		if (is_found_by_pid(c, i, output))
			fprintf(out, "%" PRIu32 "\n", c->list[i].meta.pid);
		else
			fprintf(out, "%s\n", path);
		free(path);
		free(names[i]);
		free(texts[i]);
	}
}

/* "and 4 more with 6 findings, 2.0 KiB: refknot report --all" */
static void print_more(const struct children *c, FILE *out, size_t rows,
		       const char *output)
{
	struct losses_sums rest = { 0 };
	char findings[UNITS_SIZE], bytes[UNITS_SIZE];
	char *file = parts_file(c->list[0].path), *path = escape(file);
	bool elsewhere = output && strchr(output, '/');

	for (size_t i = rows; i < c->count; i++)
		losses_add(&rest, &c->list[i].meta);
	if (rest.finders)
		fprintf(out,
			"   and %" PRIu64
			" more with %s, %s: refknot report --all -n 0%s%s%s\n",
			rest.finders,
			units_count(findings, rest.findings, "finding"),
			units_bytes(bytes, rest.lost_bytes),
			elsewhere ? " '" : "", elsewhere ? path : "",
			elsewhere ? "'" : "");
	free(path);
	free(file);
}

void children_summarize(struct children *c, FILE *out, const char *name,
			const char *output, bool full)
{
	struct losses_sums sums = { 0 };
	bool colour = paint_wanted(out);
	size_t rows = 0;
	char *text;

	qsort(c->list, c->count, sizeof(*c->list), worst_first);
	for (size_t i = 0; i < c->count; i++) {
		const struct child *one = &c->list[i];

		rows += losses_findings(&one->meta) && rows < WORST;
		if (!one->replaced || one->meta.flags & RKN_META_JUDGED)
			losses_add(&sums, &one->meta);
	}
	text = losses_sums_text(&sums);
	fprintf(out, "%srefknot: %s%s%s%s\n\n", paint(colour, PAINT_BAD),
		name ? name : "", name ? ": " : "", text,
		paint(colour, PAINT_PLAIN));
	free(text);
	if (full) {
		children_tell(c, out, true);
	} else {
		print_rows(c, out, rows, output);
		print_more(c, out, rows, output);
	}
	fputc('\n', out);
}

void children_release(struct children *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->list[i].line);
		free(c->list[i].name);
		free(c->list[i].path);
	}
	free(c->list);
	*c = (struct children){ 0 };
}
