/* SPDX-License-Identifier: MIT */
/* What the ledger adds to a finding's card. */
#include <inttypes.h>
#include <stdlib.h>

#include "changes.h"
#include "cycle_hint.h"
#include "die.h"
#include "escape.h"
#include "fields.h"
#include "ledger.h"
#include "outstanding.h"
#include "report_print.h"
#include "shell_word.h"
#include "units.h"

/* " by Session#1 in next"; nothing if it has no holder. */
static void print_by(const struct printer *p, const struct rkn_reference *r)
{
	char *field = escape(model_name(p->in->m, r->field));
	char *holder = r->from ? names_of(p->in->names, r->from) : NULL;

	if (holder)
		fprintf(p->out, " by %s%s", holder,
			p->in->m->objects[r->from].flags & RKN_OBJECT_ENDED
			    ? ", which has ended,"
			    : "");
	else if (r->holder)
		fprintf(p->out, " by 0x%" PRIx64, r->holder);
	if (*field)
		fprintf(p->out, " in %s", field);
	free(holder);
	free(field);
}

/* The same of a row; " by Session#1, Session#2, Session#3 and 29 more in next". */
static void print_row_by(const struct printer *p,
			 const struct outstanding_row *row)
{
	char *field = escape(model_name(p->in->m, row->field));

	if (row->holders < 2) {
		print_by(p, &p->in->m->references[row->first]);
		free(field);
		return;
	}
	for (size_t i = 0; i < row->holders && i < OUTSTANDING_HOLDERS; i++) {
		char *holder = names_of(p->in->names, row->holder[i]);

		fprintf(p->out, "%s%s", i ? ", " : " by ", holder);
		free(holder);
	}
	if (row->holders > OUTSTANDING_HOLDERS)
		fprintf(p->out, " and %" PRIu64 " more",
			row->holders - OUTSTANDING_HOLDERS);
	if (row->ended)
		fputs(", which have ended,", p->out);
	if (*field)
		fprintf(p->out, " in %s", field);
	free(field);
}

char *print_balance_command(const struct printer *p, uint32_t object)
{
	char *object_name = names_of(p->in->names, object);
	char *name = shell_word(object_name);
	char *path = shell_word(p->in->m->path);
	char *text = p->in->m->passing
			 ? xasprintf("refknot run keeps a recording; then "
				     "refknot balance REC %s",
				     name)
			 : xasprintf("refknot balance %s %s", path, name);

	free(object_name);
	free(path);
	free(name);
	return text;
}

static void print_all_calls(const struct printer *p, uint32_t object)
{
	char *command = print_balance_command(p, object);

	fputs(command, p->out);
	free(command);
}

uint32_t print_guessed(const struct model *m, const uint32_t *objects,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t first, n = model_events_of(m, objects[i], &first);

		for (size_t e = first; e < first + n; e++)
			if (m->events[e].kind == RKN_EVENT_RELEASE &&
			    !m->events[e].holder)
				return objects[i];
	}
	return 0;
}

static void print_row(const struct printer *p,
		      const struct outstanding_row *row, uint64_t total,
		      const char *indent)
{
	char *origin = print_origin(p, row->stack);

	fprintf(p->out, "%s  %" PRIu64 "/%" PRIu64 "  %s %s", indent,
		row->count, total, row->maker ? "made" : "taken", origin);
	if (!row->maker)
		print_row_by(p, row);
	fputc('\n', p->out);
	print_outer(p, row->stack, indent);
	free(origin);
}

static void print_rows(const struct printer *p, const uint32_t *objects,
		       size_t count, const char *indent)
{
	uint32_t guess = print_guessed(p->in->m, objects, count);
	struct outstanding o;

	outstanding_make(&o, p->in, objects, count);
	if (o.count) {
		fprintf(p->out, "%soutstanding references", indent);
		if (guess) {
			fputs(
			    " (releases without a holder were paired by nearness; see: ",
			    p->out);
			print_all_calls(p, guess);
			fputc(')', p->out);
		}
		fputs(":\n", p->out);
	}
	for (size_t i = 0; i < o.count; i++)
		print_row(p, &o.rows[i], o.total, indent);
	outstanding_release(&o);
}

#define MOST_ROWS 3

void print_outstanding_most(const struct printer *p, const uint32_t *objects,
			    size_t count, const char *indent)
{
	struct outstanding o;

	outstanding_make(&o, p->in, objects, count);
	for (size_t i = 0; i < o.count && i < MOST_ROWS; i++)
		print_row(p, &o.rows[i], o.total, indent);
	outstanding_release(&o);
}

void print_outstanding(const struct printer *p, const uint32_t *objects,
		       size_t count, const char *indent)
{
	if (print_guessed(p->in->m, objects, count))
		print_callers(p, objects, count, false, indent);
	print_rows(p, objects, count, indent);
}

/* Has one of the references that are left a holder? The balance does not show
 * these. */
static bool is_anyone_named(const struct model *m, const uint32_t *objects,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t first, n = model_references_of(m, objects[i], &first);

		for (size_t r = first; r < first + n; r++)
			if (m->references[r].kind == RKN_REFERENCE &&
			    m->references[r].holder)
				return true;
	}
	return false;
}

/* Which functions may have forgotten the references of the finding. */
static void print_whose(const struct printer *p, const struct finding *f)
{
	uint32_t objects[PRINT_CALLERS];
	size_t n = finding_counted(f, p->in, objects, PRINT_CALLERS);

	if (!n)
		return;
	print_callers(p, objects, n, true, "    ");
	if (is_anyone_named(p->in->m, objects, n))
		print_rows(p, objects, n, "    ");
	fputs("    all calls: ", p->out);
	print_all_calls(p, objects[0]);
	fputc('\n', p->out);
}

/* Where the program does not say which reference is best given back. */
static void print_pointer_hint(const struct printer *p, const struct finding *f)
{
	struct cycle_round round;
	char *hint;

	if (f->hint != RKN_NONE)
		return;
	cycle_round_make(&round, p->in, f);
	hint = cycle_hint(p, f, &round);
	if (hint)
		fprintf(p->out, "    break hint: %s\n", hint);
	free(hint);
	cycle_round_release(&round);
}

void print_cycle_ledger(const struct printer *p, const struct finding *f)
{
	const struct model *m = p->in->m;
	char text[UNITS_SIZE], size[UNITS_SIZE];

	if (f->pointed_at)
		fputs(
		    "    pointers still lead to it, but the program declared no other holder: they are stale or borrowed\n",
		    p->out);
	if (f->references)
		fprintf(
		    p->out,
		    "    and %s on its members without a recorded owner: breaking the cycle would not free it\n",
		    units_count(text, f->references, "more reference"));
	if (f->undeclared != RKN_NONE) {
		const struct rkn_edge *e = &m->edges[f->undeclared];
		char *from = names_object(p->in->names, e->from);
		char *to = names_object(p->in->names, e->to);
		char *mark =
		    field_mark(p->in->types, e->from, model_edge_from(m, e), 0);

		fprintf(
		    p->out,
		    "    closed by the pointer at %s of %s to %s, of which the program does not say that it is a reference: if it is, that one was not given back; if not, another on %s\n",
		    mark, from, to, to);
		free(mark);
		free(from);
		free(to);
	}
	if (f->reference != RKN_NONE) {
		const struct rkn_reference *r = &m->references[f->reference];
		char *to = names_of(p->in->names, r->to);

		fprintf(p->out, "    closed by the reference on %s, held", to);
		print_by(p, r);
		fputc('\n', p->out);
		print_place(p, "    ", "    taken", r->stack);
		free(to);
	}
	if (f->orphaned != RKN_NONE) {
		const struct rkn_event *e = &m->events[f->orphaned];
		char *name = names_of(p->in->names, f->orphaned_object);

		fprintf(p->out,
			"    orphaned by the release of %s that left %" PRId32
			" of %" PRId32 " references\n",
			name, e->count, e->count + 1);
		print_place(p, "    ", "    at", e->stack);
		free(name);
	}
	print_pointer_hint(p, f);
	if (f->hint != RKN_NONE) {
		const struct rkn_reference *r = &m->references[f->hint];
		char *to = names_of(p->in->names, r->to);

		fputs("    break hint: if the reference held", p->out);
		print_by(p, r);
		fprintf(
		    p->out,
		    " on %s were given back (or were weak), %s of %s would be freed\n",
		    to, units_count(text, f->hint_objects, "object"),
		    units_bytes(size, f->hint_bytes));
		free(to);
	}
	print_whose(p, f);
}

/* The one place where holders took all that is left, and these holders. False:
 * there are more places, or some references have no holder. */
static bool print_holders_left(const struct printer *p, const struct finding *f)
{
	uint32_t objects[PRINT_CALLERS];
	size_t n = finding_counted(f, p->in, objects, PRINT_CALLERS);
	struct outstanding o;
	char *origin, text[UNITS_SIZE];
	bool all_named = n > 0;

	for (size_t i = 0; i < n; i++)
		all_named &= changes_explain(p->in->m, objects[i]);
	if (!all_named)
		return false;
	outstanding_make(&o, p->in, objects, n);
	all_named = o.count == 1 && o.total == f->references && o.rows->holders;
	if (all_named) {
		origin = print_origin(p, o.rows->stack);
		fprintf(p->out, "    not given back: %s,",
			units_count(text, f->references, "reference"));
		print_row_by(p, o.rows);
		fprintf(p->out, "; taken %s\n", origin);
		free(origin);
	}
	outstanding_release(&o);
	return all_named;
}

void print_counts(const struct printer *p, const struct finding *f)
{
	uint32_t object = finding_object(f, p->in->names, 0);
	const struct rkn_object *o = &p->in->m->objects[object];
	char text[UNITS_SIZE];

	if (!object)
		return;
	fprintf(p->out, "    count %" PRId64 "%s\n", o->count,
		o->flags & RKN_OBJECT_COUNTED ? ", read from the object" : "");
	if (f->kind == FINDING_REFERENCE && f->reference != RKN_NONE) {
		if (f->references > 1)
			fprintf(p->out, "    %s were not given back; one held",
				units_count(text, f->references, "reference"));
		else
			fputs("    a reference held", p->out);
		print_by(p, &p->in->m->references[f->reference]);
		fputs(f->references > 1 ? "\n" : " was not given back\n",
		      p->out);
	} else if (f->kind == FINDING_REFERENCE && !print_holders_left(p, f)) {
		fprintf(p->out, "    not given back: %s in all\n",
			units_count(text, f->references, "reference"));
	} else if (f->kind == FINDING_OVER) {
		fprintf(
		    p->out,
		    "    there are fewer pointers to it in all of the memory: at least %s in all not given back\n",
		    units_count(text, f->references, "reference"));
	} else if (f->kind == FINDING_UNDER) {
		fprintf(
		    p->out,
		    "    %s more is said to be held than is counted: it may be freed while in use\n",
		    units_count(text, f->references, "reference"));
	} else if (f->kind == FINDING_ZERO) {
		fputs(
		    "    its last reference was given back, but it was not freed\n",
		    p->out);
	}
	if (f->kind == FINDING_REFERENCE || f->kind == FINDING_OVER)
		print_whose(p, f);
	else
		print_outstanding(p, &object, 1, "    ");
}

void print_wrong_use(const struct printer *p, const struct finding *f)
{
	const struct rkn_error *e = &p->in->m->errors[f->error];
	const char *type = names_type_called(p->in->names, e->type);

	fprintf(p->out, "    %s#%" PRIu32 "  0x%" PRIx64, type, e->serial,
		e->address);
	if (f->kind == FINDING_FREED_HELD)
		fprintf(p->out, ", freed with %" PRId32 " references left",
			e->references);
	if (f->count > 1)
		fprintf(p->out, ", the first of %" PRIu64, f->count);
	fputc('\n', p->out);
	if (f->kind == FINDING_WRONG_HOLDER)
		wrong_holder_print(p, e);
	print_place(p, "    ", "made by", e->made_stack);
	if (e->ended_stack)
		print_place(p, "    ", "freed by", e->ended_stack);
}
