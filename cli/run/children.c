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

#define FEW 2 /* that have a line each */

/* --- One --------------------------------------------------------------------------- */

/* Is what it is about out of the program's reach? */
static bool is_loss(enum finding_kind kind)
{
	return kind == FINDING_CYCLE || kind == FINDING_REFERENCE ||
	       kind == FINDING_LEAK;
}

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
		if (is_loss(f->kind))
			c->lost_bytes += f->bytes + f->held_bytes;
	}
}

/* "2 findings, 96 B lost, and 1 possible leak" */
static void print_verdict(FILE *out, const struct child *c,
			  const struct findings *found, const struct wishes *w)
{
	char text[UNITS_SIZE], size[UNITS_SIZE];
	uint64_t bytes = 0, withheld;

	if (!c->checked) {
		fprintf(out, "not checked, %s", found->why);
		return;
	}
	fputs(c->findings ? units_count(text, c->findings, "finding")
			  : "nothing lost",
	      out);
	if (c->lost_bytes)
		fprintf(out, ", %s lost", units_bytes(text, c->lost_bytes));
	if (c->possible)
		fprintf(out, ", and %" PRIu64 " possible leak%s", c->possible,
			c->possible == 1 ? "" : "s");
	withheld = wishes_withheld(w, &bytes);
	if (withheld)
		fprintf(out, " (%s of %s withheld by the program's own %s)",
			units_count(text, withheld, "finding"),
			units_bytes(size, bytes), wishes_origin(w));
}

static void make_line(struct child *c, const struct model *m,
		      const struct findings *found, const struct wishes *w)
{
	char *program = escape(model_called(m)), *path = escape(m->path);
	size_t size;
	FILE *out = open_memstream(&c->line, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	fprintf(out, "%s%s, pid %" PRIu32 "%s: ", c->replaced ? "" : "child ",
		program, m->meta.pid, c->replaced ? " before its exec" : "");
	print_verdict(out, c, found, w);
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
		  const struct model *m, struct symbols *symbols)
{
	struct names *names = names_open(m, symbols);
	struct child c = { .replaced = store->replaced,
			   .killed = m->meta.end == RKN_END_SIGNAL };
	struct wishes wishes;
	struct findings found;

	wishes_open(&wishes, m);
	findings_make(&found, m, symbols);
	wishes_withhold(&wishes, &found, m, names, symbols);
	count(&c, &found);
	make_line(&c, m, &found, &wishes);
	findings_release(&found);
	wishes_release(&wishes);
	names_close(names);
	*LIST_ADD(children->list, children->count) = c;
}

/* --- All --------------------------------------------------------------------------- */

struct sums {
	uint64_t replaced, clean, finders, unchecked, killed;
	uint64_t findings, possible, lost_bytes;
	const struct child *worst; /* NULL: none has a finding */
};

static bool is_worse(const struct child *a, const struct child *b)
{
	return !b || a->lost_bytes > b->lost_bytes ||
	       (a->lost_bytes == b->lost_bytes && a->findings > b->findings);
}

static void sum(struct sums *s, const struct child *c)
{
	s->replaced += c->replaced && !c->checked;
	s->unchecked += !c->replaced && !c->checked;
	s->clean += c->checked && !c->findings;
	s->finders += c->findings != 0;
	s->killed += c->killed;
	s->findings += c->findings;
	s->possible += c->possible;
	s->lost_bytes += c->lost_bytes;
	if (c->findings && is_worse(c, s->worst))
		s->worst = c;
}

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
		/* "2 with 3 findings (96 B lost)" among what some are. */
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

	for (size_t i = 0; (full || c->count <= FEW) && i < c->count; i++)
		fputs(c->list[i].line, out);
	if (full || c->count <= FEW)
		return;
	for (size_t i = 0; i < c->count; i++)
		sum(&s, &c->list[i]);
	print_sums(out, &s, c->count);
	if (s.worst)
		fprintf(out, "most in %s", s.worst->line);
}

void children_release(struct children *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->list[i].line);
	}
	free(c->list);
	*c = (struct children){ 0 };
}
