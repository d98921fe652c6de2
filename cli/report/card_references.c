/* SPDX-License-Identifier: MIT */
/*
 * The card of references: first what each caller took and gave back, those that are
 * certain to be short at the top, and then what is a guess.
 *
 *                               took  gave back
 *                     keep         2          0   <-- corners.c:588
 *                     node_new     1          0   perhaps corners.c:41
 *                     balance      0          1
 *        a guess      taken by node_ref  corners.c:59, from keep  corners.c:588
 *        count        2; not given back: 2 references
 *        more         refknot balance 'corners.12.rkn' 'Kept#1'
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "card.h"
#include "die.h"
#include "list.h"
#include "outstanding.h"
#include "place.h"
#include "text_stream.h"
#include "units.h"
#include "walk.h"
#include "wrap.h"

#define MOST_ROWS   4  /* callers */
#define MOST_SORTED 64 /* callers of which the first are shown */
#define MOST_PLACES 3  /* where references were taken */
#define MOST_COLUMN 28 /* of functions */

/* --- Places --------------------------------------------------------------------- */

/* A call, with the function that had it done. */
static char *call_text(const struct printer *p, uint32_t stack)
{
	const struct location *at = block_types_place(p->in->types, stack);
	const struct location *from = at ? print_caller(p, stack, at) : NULL;
	char *place, *caller, *text;

	if (!at)
		return xstrdup("a place that is not known");
	place = card_place(at, 0);
	if (!from || place_is_start(from))
		return place;
	caller = card_place(from, 0);
	text = xasprintf("%s, from %s", place, caller);
	free(place);
	free(caller);
	return text;
}

static void print_call(const struct printer *p, const char *label,
		       uint32_t stack)
{
	char *text = call_text(p, stack);

	card_line(p, label, "%s", text);
	free(text);
}

/* --- The balance ------------------------------------------------------------------ */

/* "cache_get in reader": it may only have helped that. */
static char *row_name(const struct callers_row *r)
{
	char *name = place_function(r->place), *text, *within;

	if (!r->within)
		return name;
	within = place_function(r->within);
	text = xasprintf("%s in %s", name, within);
	free(within);
	free(name);
	return text;
}

/* The line in its last call of the function that is to blame; the caller frees it. */
static char *row_source(const struct printer *p, const struct callers_row *r)
{
	const struct location *l, *at = r->within ? r->within : r->place;
	char *source, *name = place_function(at);
	struct walk w;

	walk_begin(&w, p->in->m, p->in->symbols, r->stack);
	while ((l = walk_next(&w))) {
		char *other = place_function(l);
		bool same = !strcmp(other, name);

		free(other);
		if (!same)
			continue;
		at = l;
		break;
	}
	free(name);
	source = place_source(at);
	return source ? source : place_module(at);
}

/* ", for Session#1, which has ended": the holder of what is left. */
static char *row_holder(const struct printer *p, const struct callers_row *r)
{
	const struct rkn_reference *first;
	char *name, *text;

	if (r->reference == RKN_NONE)
		return xstrdup("");
	first = &p->in->m->references[r->reference];
	if (!first->from)
		return xstrdup("");
	name = names_of(p->in->names, first->from);
	text =
	    xasprintf(", for %s%s%s", name, r->taken > 1 ? " and others" : "",
		      !r->ended      ? ""
		      : r->taken > 1 ? ", which have ended"
				     : ", which has ended");
	free(name);
	return text;
}

/* Whether the function of row `by` called that of row `r` for what it took last. */
static bool is_called_by(const struct printer *p, const struct callers_row *r,
			 const struct callers_row *by)
{
	char *name = place_function(r->place), *caller = xstrdup("");
	char *other = place_function(by->place);
	bool inside = false, called;
	const struct location *l;
	struct walk w;

	walk_begin(&w, p->in->m, p->in->symbols, r->stack);
	while ((l = walk_next(&w))) {
		free(caller);
		caller = place_function(l);
		if (!strcmp(caller, name))
			inside = true;
		else if (inside)
			break;
	}
	called = l && by->place && !strcmp(caller, other);
	free(caller);
	free(other);
	free(name);
	return called;
}

/*
 * What is likely left of the first rows: a function that makes an object for its
 * direct caller is even with that, if the caller gives back more than it takes.
 */
struct likely {
	uint64_t left[MOST_SORTED]; /* by row */
	uint64_t sum;
	bool known; /* some are even; else nothing is known of any */
};

static void find_likely(struct likely *l, const struct printer *p,
			const struct callers *c)
{
	uint64_t given[MOST_SORTED] = { 0 };
	size_t count = c->count;

	*l = (struct likely){ 0 };
	if (count > MOST_SORTED)
		count = MOST_SORTED;
	for (size_t i = 0; i < count; i++) {
		const struct callers_row *r = &c->rows[i];

		if (r->taken > r->given)
			l->left[i] = r->taken - r->given;
		else
			given[i] = r->given - r->taken;
	}
	for (size_t i = 0; i < count; i++) {
		const struct callers_row *r = &c->rows[i];

		for (size_t k = 0; k < count && l->left[i]; k++) {
			uint64_t both =
			    l->left[i] < given[k] ? l->left[i] : given[k];

			if (!both || !r->maker || r->certain ||
			    !is_called_by(p, r, &c->rows[k]))
				continue;
			l->left[i] -= both;
			given[k] -= both;
			l->known = true;
		}
		l->sum += l->left[i];
	}
}

/* What stands behind row `i`, which took more than it gave back. */
static const char *row_remark(const struct callers *c, const struct likely *l,
			      uint32_t i)
{
	return c->rows[i].certain ? "<-- "
	       : !l->known        ? "perhaps "
	       : l->left[i]       ? "<-- likely "
				  : "for its caller ";
}

static void print_row(const struct printer *p, const struct callers_row *r,
		      const char *remark, size_t column)
{
	char *name = row_name(r), *source = row_source(p, r);
	char *holder = row_holder(p, r);
	size_t columns = wrap_columns(name, strlen(name));
	int space = columns < column ? (int)(column - columns) : 0;

	if (r->taken > r->given)
		card_line(p, "", "%s%*s  %4" PRIu64 "  %9" PRIu64 "   %s%s%s",
			  name, space, "", r->taken, r->given, remark,
			  source ? source : "", holder);
	else
		card_line(p, "", "%s%*s  %4" PRIu64 "  %9" PRIu64, name, space,
			  "", r->taken, r->given);
	free(holder);
	free(source);
	free(name);
}

struct ranking {
	const struct callers *c;
	const struct likely *l;
};

/* Those that are certain first, then the likely ones, and those that gave back more
 * last. */
static int by_certainty(const void *a, const void *b, void *data)
{
	const struct ranking *r = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct callers_row *rows = r->c->rows;

	return ORDER(rows[j].certain, rows[i].certain) ?:
	       ORDER(r->l->left[j] > 0, r->l->left[i] > 0) ?:
	       ORDER(i, j);
}

static void print_rows(const struct printer *p, const struct callers *c,
		       const struct likely *l)
{
	struct ranking ranking = { c, l };
	uint32_t order[MOST_SORTED];
	size_t count = 0, column = 0;

	while (count < c->count && count < MOST_SORTED) {
		order[count] = (uint32_t)count;
		count++;
	}
	qsort_r(order, count, sizeof(*order), by_certainty, &ranking);
	if (count > MOST_ROWS)
		count = MOST_ROWS;
	for (size_t i = 0; i < count; i++) {
		char *name = row_name(&c->rows[order[i]]);
		size_t columns = wrap_columns(name, strlen(name));

		if (columns > column && columns <= MOST_COLUMN)
			column = columns;
		free(name);
	}
	card_line(p, "", "%*s  took  gave back", (int)column, "");
	for (size_t i = 0; i < count; i++)
		print_row(p, &c->rows[order[i]], row_remark(c, l, order[i]),
			  column);
	if (c->count > count)
		card_line(p, "", "... %zu more functions", c->count - count);
}

char *card_blame(const struct printer *p, const struct finding *f)
{
	uint32_t objects[PRINT_CALLERS];
	size_t worst = 0, n = finding_counted(f, p->in, objects, PRINT_CALLERS);
	char *text = NULL, *name, *source;
	const struct callers_row *r;
	struct callers c;
	struct likely l;

	callers_make(&c, p->in, objects, n);
	find_likely(&l, p, &c);
	for (size_t i = 1; i < c.count && i < MOST_SORTED; i++)
		if (c.rows[i].certain > c.rows[worst].certain ||
		    (c.rows[i].certain == c.rows[worst].certain &&
		     l.left[i] > l.left[worst]))
			worst = i;
	r = c.count ? &c.rows[worst] : NULL;
	if (r && (r->certain || (l.known && l.left[worst]))) {
		name = row_name(r);
		source = row_source(p, r);
		text = xasprintf("%s in %s, %s", source ? source : "a call",
				 name, r->certain ? "certain" : "likely");
		free(source);
		free(name);
	}
	callers_release(&c);
	return text;
}

static void print_certainty(const struct printer *p, const struct callers *c)
{
	char left[UNITS_SIZE];

	if (c->lost)
		card_line(p, "", "not all calls are known");
	else if (c->certain && c->certain < c->left)
		card_line(p, "", "of %s that are left, %" PRIu64 " %s certain",
			  units_count(left, c->left, "reference"), c->certain,
			  c->certain == 1 ? "is" : "are");
}

/* --- Guesses, and what holders said ------------------------------------------------ */

static void print_taken(const struct printer *p, const char *label,
			const struct outstanding_row *row, bool guess)
{
	const struct rkn_reference *first =
	    row->first == RKN_NONE ? NULL : &p->in->m->references[row->first];
	char *text = call_text(p, row->stack);
	char *holder =
	    first && first->from ? names_of(p->in->names, first->from) : NULL;
	char *times = row->count > 1
			  ? xasprintf("%" PRIu64 " times ", row->count)
			  : xstrdup("");

	card_line(p, label, "%s%s%s%s%s%s", times, guess ? "taken by " : "",
		  row->maker ? "its maker, " : "", text, holder ? ", for " : "",
		  holder ? holder : "");
	free(times);
	free(holder);
	free(text);
}

/* Where the references that are left were taken; of a guess the first place. */
static void print_places(const struct printer *p, const uint32_t *objects,
			 size_t count)
{
	bool guess = print_guessed(p->in->m, objects, count) != 0;
	struct outstanding o;

	outstanding_make(&o, p->in, objects, count);
	for (size_t i = 0; i < o.count && i < (guess ? 1 : MOST_PLACES); i++)
		print_taken(p,
			    i       ? ""
			    : guess ? "a guess"
				    : "taken by",
			    &o.rows[i], guess);
	outstanding_release(&o);
}

static bool has_maker(const struct callers *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].maker && c->rows[i].taken)
			return true;
	return false;
}

/* The balance, and where that does not say it all a guess. Whether makers are in
 * it. */
static bool print_balance(const struct printer *p, const uint32_t *objects,
			  size_t count)
{
	struct callers c;
	struct likely l;
	bool maker;

	callers_make(&c, p->in, objects, count);
	find_likely(&l, p, &c);
	if (c.count) {
		print_rows(p, &c, &l);
		print_certainty(p, &c);
	}
	if (!c.count || (c.certain < c.left && !(l.known && l.sum == c.left)))
		print_places(p, objects, count);
	maker = has_maker(&c);
	callers_release(&c);
	return maker;
}

/* --- Counts -------------------------------------------------------------------------- */

/* The end of a holder that gave nothing back. */
static void print_ended(const struct printer *p, const struct finding *f)
{
	uint32_t stack = p->in->m->objects[f->ended[0]].ended_stack;
	char *name, *place, *others;

	if (!f->ended_count)
		return;
	name = names_of(p->in->names, f->ended[0]);
	place = stack ? call_text(p, stack) : NULL;
	others = f->ended_count > 1
		     ? xasprintf(" and %" PRIu64 " more", f->ended_count - 1)
		     : xstrdup("");
	card_line(p, "held by", "%s%s, %s%s", name, others,
		  place ? "freed by " : "which ended", place ? place : "");
	free(others);
	free(place);
	free(name);
}

static void print_count(const struct printer *p, const struct finding *f,
			uint32_t object)
{
	int64_t count = p->in->m->objects[object].count;
	char text[UNITS_SIZE];

	units_count(text, f->references, "reference");
	switch (f->kind) {
	case FINDING_OVER:
		card_line(p, "count",
			  "%" PRId64
			  ", but fewer pointers: at least %s not given back",
			  count, text);
		break;
	case FINDING_UNDER:
		card_line(p, "count",
			  "%" PRId64
			  ", but holders have %s more: it may be freed in use",
			  count, text);
		break;
	case FINDING_ZERO:
		card_line(
		    p, "count",
		    "0: the last reference was given back, but it was not freed");
		break;
	default:
		if (f->objects > 1)
			card_line(p, "count",
				  "not given back: %s on %" PRIu64 " objects",
				  text, f->objects);
		else
			card_line(p, "count", "%" PRId64 "; not given back: %s",
				  count, text);
		break;
	}
}

/* The call that gave back the last reference. */
static void print_last(const struct printer *p, uint32_t object)
{
	const struct rkn_event *events = p->in->m->events;
	size_t first, n = model_events_of(p->in->m, object, &first);

	while (n-- && events[first + n].kind != RKN_EVENT_RELEASE)
		;
	if (n != SIZE_MAX)
		print_call(p, "given back", events[first + n].stack);
}

static void print_counted(const struct printer *p, const struct finding *f)
{
	uint32_t object = finding_object(f, p->in->names, 0);
	uint32_t objects[PRINT_CALLERS];
	size_t n = finding_counted(f, p->in, objects, PRINT_CALLERS);
	bool maker = n && print_balance(p, objects, n);
	char *command;

	if (!object)
		return;
	print_count(p, f, object);
	if (f->kind == FINDING_UNDER)
		print_places(p, &object, 1);
	else if (f->kind == FINDING_ZERO)
		print_last(p, object);
	print_ended(p, f);
	if (!maker)
		print_call(p, "made by", p->in->m->objects[object].stack);
	if (!n)
		return;
	command = print_balance_command(p, objects[0]);
	card_line(p, "more", "%s", command);
	free(command);
}

/* --- Wrong use --------------------------------------------------------------------------- */

/* What wrong_holder_print() says. */
static void print_holders(const struct printer *p, const struct rkn_error *e)
{
	const char *label = "wrong";
	struct printer inner = *p;
	char *text, *line, *rest;
	size_t size;

	inner.out = text_stream_open(&text, &size);
	wrong_holder_print(&inner, e);
	text_stream_close(inner.out);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		card_line(p, label, "%s", line + strspn(line, " "));
		label = "";
	}
	free(text);
}

static void print_wrong(const struct printer *p, const struct finding *f)
{
	const struct rkn_error *e = &p->in->m->errors[f->error];
	const char *type = names_type_called(p->in->names, e->type);
	char *left =
	    f->kind == FINDING_FREED_HELD
		? xasprintf(", freed with %" PRId32 " reference%s left",
			    e->references, e->references == 1 ? "" : "s")
		: xstrdup("");
	char *times = f->count > 1
			  ? xasprintf(", the first of %" PRIu64, f->count)
			  : xstrdup("");

	card_line(p, "object", "%s#%" PRIu32 "%s%s", type, e->serial, left,
		  times);
	free(times);
	free(left);
	print_call(p, "at", f->stack);
	if (f->kind == FINDING_WRONG_HOLDER)
		print_holders(p, e);
	print_call(p, "made by", e->made_stack);
	if (e->ended_stack)
		print_call(p, "freed by", e->ended_stack);
}

void card_references(const struct printer *p, const struct finding *f)
{
	if (f->error != RKN_NONE)
		print_wrong(p, f);
	else
		print_counted(p, f);
}
