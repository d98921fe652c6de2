/* SPDX-License-Identifier: MIT */
#include "children.h"

#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "findings.h"
#include "list.h"
#include "status.h"
#include "units.h"
#include "wishes.h"

#define FEW 2 /* most that have a line each */

/* --- One --------------------------------------------------------------------------- */

static void count(struct child *c, const struct findings *found)
{
	c->checked = found->checked;
	for (size_t i = 0; i < found->count; i++) {
		const struct finding *f = &found->list[i];

		if (f->kind == FINDING_POSSIBLE) {
			c->possible++;
			continue;
		}
		c->findings++;
		/* Is what it is about out of the program's reach? */
		if (f->kind == FINDING_CYCLE || f->kind == FINDING_REFERENCE ||
		    f->kind == FINDING_LEAK)
			c->lost_bytes += f->bytes + f->held_bytes;
	}
}

/* "2 findings, 96 B lost, and 1 possible leak" */
static void make_line(struct child *c, const struct model *m,
		      const struct findings *found, const struct wishes *w)
{
	char *program = escape(model_called(m)), *path = escape(m->path);
	char text[UNITS_SIZE], bytes_text[UNITS_SIZE];
	uint64_t bytes = 0, withheld = wishes_withheld(w, &bytes);
	size_t size;
	FILE *out = open_memstream(&c->line, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	fprintf(out, "%s%s, pid %" PRIu32 "%s: ", c->replaced ? "" : "child ",
		program, m->meta.pid, c->replaced ? " before its exec" : "");
	if (!c->checked)
		fprintf(out, "not checked, %s", found->why);
	else
		fputs(c->findings ? units_count(text, c->findings, "finding")
				  : "nothing lost",
		      out);
	if (c->checked && c->lost_bytes)
		fprintf(out, ", %s lost", units_bytes(text, c->lost_bytes));
	if (c->checked && c->possible)
		fprintf(out, ", and %" PRIu64 " possible leak%s", c->possible,
			c->possible == 1 ? "" : "s");
	if (c->checked && withheld)
		fprintf(out, " (%s of %s withheld by the program's own %s)",
			units_count(text, withheld, "finding"),
			units_bytes(bytes_text, bytes), wishes_origin(w));
	if (c->killed)
		fprintf(out, ", ended by signal %" PRId32 " (%s)",
			m->meta.end_value, units_signal(m->meta.end_value));
	fprintf(out, "; recording: %s\n", path);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	free(path);
	free(program);
}

void children_add(struct children *children, const struct live_store *store,
		  const struct reading *in)
{
	const struct model *m = in->m;
	struct child c = { .replaced = store->replaced,
			   .killed = m->meta.end == RKN_END_SIGNAL };
	struct wishes wishes;
	struct findings found;

	wishes_findings(&wishes, &found, in);
	count(&c, &found);
	make_line(&c, m, &found, &wishes);
	findings_release(&found);
	wishes_release(&wishes);
	*LIST_ADD(children->list, children->count) = c;
}

/* --- All --------------------------------------------------------------------------- */

struct sums {
	uint64_t replaced, clean, finders, unchecked, killed;
	uint64_t findings, possible, lost_bytes;
	const struct child *worst; /* NULL: none has a finding */
};

static void print_some(FILE *out, uint64_t some, const char *what)
{
	if (some)
		fprintf(out, ", %" PRIu64 " %s", some, what);
}

/* "20 children: 18 with nothing lost, 2 with 3 findings (96 B lost)" */
static void print_sums(FILE *out, const struct sums *s, size_t all)
{
	if (s->replaced)
		fprintf(out,
			"%zu children, and programs before their exec: ", all);
	else
		fprintf(out, "%zu children: ", all);
	fprintf(out, "%" PRIu64 " with nothing lost", s->clean);
	if (s->finders) {
		char text[UNITS_SIZE];

		fprintf(out, ", %" PRIu64 " with %s", s->finders,
			units_count(text, s->findings, "finding"));
		if (s->lost_bytes)
			fprintf(out, " (%s lost)",
				units_bytes(text, s->lost_bytes));
	}
	if (s->possible)
		fprintf(out, ", %" PRIu64 " possible leak%s in all",
			s->possible, s->possible == 1 ? "" : "s");
	print_some(out, s->replaced, "not checked before their exec");
	print_some(out, s->unchecked, "not checked");
	print_some(out, s->killed, "ended by a signal");
	fputs("; `refknot run --full` has a line for each\n", out);
}

void children_tell(const struct children *c, FILE *out, bool full)
{
	struct sums s = { 0 };

	if (full || c->count <= FEW) {
		for (size_t i = 0; i < c->count; i++)
			fputs(c->list[i].line, out);
		return;
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct child *one = &c->list[i];

		s.replaced += one->replaced && !one->checked;
		s.unchecked += !one->replaced && !one->checked;
		s.clean += one->checked && !one->findings;
		s.finders += one->findings != 0;
		s.killed += one->killed;
		s.findings += one->findings;
		s.possible += one->possible;
		s.lost_bytes += one->lost_bytes;
		if (one->findings &&
		    (!s.worst || one->lost_bytes > s.worst->lost_bytes ||
		     (one->lost_bytes == s.worst->lost_bytes &&
		      one->findings > s.worst->findings)))
			s.worst = one;
	}
	print_sums(out, &s, c->count);
	if (s.worst)
		fprintf(out, "most in %s", s.worst->line);
}

void children_release(struct children *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i].line);
	free(c->list);
	*c = (struct children){ 0 };
}
