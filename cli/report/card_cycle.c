/* SPDX-License-Identifier: MIT */
/*
 * The card of a cycle: its shortest way round, where its members were made, what
 * closed and orphaned it, and how to break it.
 *
 *        struct session --.connection--> struct connection --.session--> back
 *        and 15 more objects, 23 more pointers between them
 *        made by      session_open       orphaned_cycle.c:45
 *                     connection_accept  orphaned_cycle.c:57
 *        both in      serve              orphaned_cycle.c:91
 *        from         main               orphaned_cycle.c:105
 *        to break it  clear or weaken connection.session: frees all 3 objects of each
 */
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "cycle_hint.h"
#include "die.h"
#include "fields.h"
#include "list.h"
#include "paint.h"
#include "place.h"
#include "text_stream.h"
#include "units.h"
#include "walk.h"
#include "wrap.h"

#define ONE_LINE     80 /* columns, where those of the terminal are not known */
#define MOST_DRAWN   3  /* members that are drawn on lines of their own */
#define MOST_FIELDS  3  /* of one arrow */
#define MOST_PLACES  3  /* where members were made */
#define MOST_CALLERS 2  /* of what they were made in */
#define MOST_COLUMN  32 /* of functions */
#define MOST_MEMBERS 64 /* whose places are asked for */

struct drawing {
	const struct printer *p;
	const struct finding *f;
	struct cycle_round c;
	size_t told; /* arrows of the drawing */
};

/* --- The way round ---------------------------------------------------------------- */

/* " --.next, .prev-->": all that step `i` of the way round does. */
static void print_step(struct drawing *d, FILE *out, size_t i)
{
	const struct cycle_arrow *step = &d->c.arrows[d->c.round[i]];
	char *last = xstrdup("");
	size_t fields = 0;

	fputc(' ', out);
	for (uint32_t a = 0; a < d->c.arrow_count; a++) {
		const struct cycle_arrow *other = &d->c.arrows[a];
		char *field;

		if (other->from != step->from || other->to != step->to)
			continue;
		d->told++;
		field = cycle_hint_field(d->p, &d->c, a);
		if (strcmp(field, last) && fields++ < MOST_FIELDS)
			fprintf(out, "%s%s", fields > 1 ? ", " : "--", field);
		free(last);
		last = field;
	}
	free(last);
	fprintf(out, "%s-->", fields > MOST_FIELDS ? ", ..." : "");
}

/* Member and arrow of step `i`. */
static void print_member(struct drawing *d, FILE *out, size_t i)
{
	const struct cycle_arrow *step = &d->c.arrows[d->c.round[i]];
	char *name = cycle_hint_member(d->p, &d->c.nodes[step->from]);

	fprintf(out, "%s%s%s", paint(d->p->colour, PAINT_STRONG), name,
		paint(d->p->colour, PAINT_PLAIN));
	free(name);
	print_step(d, out, i);
}

static void print_round(struct drawing *d)
{
	size_t width = d->p->width ? d->p->width : ONE_LINE, size;
	size_t count = d->c.round_count;
	const struct printer *p = d->p;
	char *text;
	FILE *out = text_stream_open(&text, &size);
	bool fits;

	for (size_t i = 0; i < count && i <= FINDING_DRAWN; i++) {
		print_member(d, out, i);
		fputc(' ', out);
	}
	fputs("back", out);
	text_stream_close(out);
	fits = count <= FINDING_DRAWN &&
	       wrap_columns(text, size) + CARD_LEFT <= width;
	if (fits)
		fprintf(p->out, "%*s%s\n", CARD_LEFT, "", text);
	free(text);
	if (fits)
		return;
	d->told = 0;
	for (size_t i = 0; i < count; i++) {
		bool last = i == count - 1;

		if (count > MOST_DRAWN && i && !last) {
			if (i == 1)
				fprintf(p->out, "%*s... %zu more ...\n",
					CARD_LEFT, "", count - 2);
			d->told++;
			continue;
		}
		fprintf(p->out, "%*s", CARD_LEFT, "");
		print_member(d, p->out, i);
		fputs(last ? " back\n" : "\n", p->out);
	}
}

/* "Parent, struct row and 2 more hold each other", where no way round is known. */
static void print_list(const struct drawing *d)
{
	FILE *out = d->p->out;
	size_t i = 0;

	fprintf(out, "%*s", CARD_LEFT, "");
	for (; i < d->c.node_count && i < MOST_DRAWN; i++) {
		char *name = cycle_hint_member(d->p, &d->c.nodes[i]);

		fprintf(out, "%s%s", i ? ", " : "", name);
		free(name);
	}
	if (i < d->c.node_count)
		fprintf(out, " and %zu more", d->c.node_count - i);
	fputs(" hold each other\n", out);
}

static void print_others(const struct drawing *d)
{
	size_t members = d->c.node_count - d->c.round_count;
	size_t pointers =
	    d->c.arrow_count > d->told ? d->c.arrow_count - d->told : 0;
	char some[UNITS_SIZE], more[UNITS_SIZE];

	if (!members && !pointers)
		return;
	units_count(some, members, "object");
	units_count(more, pointers, "pointer");
	fprintf(d->p->out, "%*sand %.*s more%s", CARD_LEFT, "",
		(int)strcspn(members ? some : more, " "), members ? some : more,
		strchr(members ? some : more, ' '));
	if (members && pointers)
		fprintf(d->p->out, ", %.*s more%s", (int)strcspn(more, " "),
			more, strchr(more, ' '));
	fprintf(d->p->out, "%s\n", pointers ? " between them" : "");
}

/* --- Places --------------------------------------------------------------------------- */

static uint32_t stack_of(const struct drawing *d, size_t node)
{
	const struct cycle_node *n = &d->c.nodes[node];
	const struct model *m = d->p->in->m;

	return n->object && d->f->member_objects ? m->objects[n->object].stack
						 : m->blocks[n->block].stack;
}

/* Places of the members that are drawn, each once. */
struct places {
	const struct location *list[MOST_PLACES];
	uint32_t stacks[MOST_PLACES];
	size_t count, more;
	size_t column;
};

static bool is_same_place(const struct location *a, const struct location *b)
{
	char *x = card_place(a, 0), *y = card_place(b, 0);
	bool same = !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

static void add_place(struct places *l, const struct location *at,
		      uint32_t stack)
{
	char *name;
	size_t columns;

	for (size_t i = 0; i < l->count; i++)
		if (is_same_place(l->list[i], at))
			return;
	if (l->count == MOST_PLACES) {
		l->more++;
		return;
	}
	l->stacks[l->count] = stack;
	l->list[l->count++] = at;
	name = place_function(at);
	columns = wrap_columns(name, strlen(name));
	if (columns > l->column && columns <= MOST_COLUMN)
		l->column = columns;
	free(name);
}

static void add_places(struct places *l, const struct drawing *d)
{
	size_t count = d->c.round_count ? d->c.round_count : d->c.node_count;

	for (size_t i = 0; i < count && i < MOST_MEMBERS; i++) {
		size_t node =
		    d->c.round_count ? d->c.arrows[d->c.round[i]].from : i;
		const struct location *at =
		    block_types_place(d->p->in->types, stack_of(d, node));

		if (at)
			add_place(l, at, stack_of(d, node));
	}
}

/* --- What all members have in common -------------------------------------------------- */

/* A stack's locations, the outermost first; its caller frees it. */
static const struct location **outermost(const struct printer *p,
					 uint32_t stack, size_t *count)
{
	const struct location **list = NULL, *l;
	struct walk w;

	*count = 0;
	walk_begin(&w, p->in->m, p->in->symbols, stack);
	while ((l = walk_next(&w)))
		*LIST_ADD(list, *count) = l;
	for (size_t i = 0; i < *count / 2; i++) {
		const struct location *other = list[*count - 1 - i];

		list[*count - 1 - i] = list[i];
		list[i] = other;
	}
	return list;
}

static bool is_same_function(const struct location *a, const struct location *b)
{
	return a == b ||
	       (a->function && b->function && a->module == b->module &&
		!strcmp(a->function, b->function));
}

/* How many of the outermost `count` locations in `list` the stack has, too. */
static size_t count_same(const struct printer *p, uint32_t stack,
			 const struct location **list, size_t count)
{
	const struct location **other;
	size_t there, same = 0;

	if (p->in->m->stacks[stack].flags & RKN_STACK_TRUNCATED)
		return 0;
	other = outermost(p, stack, &there);
	while (same < count && same < there &&
	       is_same_function(list[same], other[same]))
		same++;
	free(other);
	return same;
}

/* The innermost function that called, in the end, for all members; NULL: it is not
 * known, or says nothing. */
static const struct location *common(const struct drawing *d)
{
	uint8_t *seen = xcalloc(d->p->in->m->stack_count, 1);
	const struct location **list, *last = NULL;
	size_t same;

	list = outermost(d->p, stack_of(d, 0), &same);
	for (size_t n = 0; n < d->c.node_count; n++) {
		uint32_t stack = stack_of(d, n);

		if (seen[stack])
			continue;
		seen[stack] = 1;
		same = count_same(d->p, stack, list, same);
	}
	for (size_t i = 0; i < same; i++)
		if (!place_is_start(list[i]) && !place_is_of_libc(list[i]) &&
		    !list[i]->library)
			last = list[i];
	free(list);
	free(seen);
	return last && (!last->function || strcmp(last->function, "main"))
		   ? last
		   : NULL;
}

/* ", from serve  orphaned_cycle.c:91": who asked for it, unless that asked for all. */
static char *made_for(const struct drawing *d, const struct places *l, size_t i,
		      const struct location *all)
{
	const struct location *from =
	    print_caller(d->p, l->stacks[i], l->list[i]);
	char *place, *text;

	if (!from || place_is_start(from) || place_is_of_libc(from) ||
	    from->library || !all || is_same_function(from, all) ||
	    is_same_function(l->list[i], all))
		return xstrdup("");
	place = card_place(from, 0);
	text = xasprintf(", from %s", place);
	free(place);
	return text;
}

static void print_made(const struct drawing *d, const struct places *l,
		       const struct location *all)
{
	for (size_t i = 0; i < l->count; i++) {
		char *place = card_place(l->list[i], l->column);
		char *from = made_for(d, l, i, all);

		card_line(d->p, i ? "" : "made by", "%s%s", place, from);
		free(from);
		free(place);
	}
	if (l->more)
		card_line(d->p, "", "... and %zu more places", l->more);
}

/* The callers of `at`, which distinguish findings that are alike up to there. */
static void print_callers_of(const struct drawing *d, const struct location *at,
			     size_t column)
{
	const struct location *l;
	unsigned lines = 0;
	bool there = false;
	struct walk w;

	walk_begin(&w, d->p->in->m, d->p->in->symbols, stack_of(d, 0));
	while (lines < MOST_CALLERS && (l = walk_next(&w)) &&
	       !place_is_start(l)) {
		char *place;

		if (there && !l->library && !place_is_of_libc(l)) {
			place = card_place(l, column);
			card_line(d->p, lines++ ? "" : "from", "%s", place);
			free(place);
		}
		there |= l == at;
	}
}

static void print_common(const struct drawing *d, const struct places *l,
			 const struct location *at)
{
	char *place;

	if (!at || d->c.node_count < 2)
		return;
	for (size_t i = 0; i < l->count; i++)
		if (is_same_function(l->list[i], at))
			return;
	place = card_place(at, l->column);
	card_line(d->p, d->c.node_count == 2 ? "both in" : "all in", "%s",
		  place);
	free(place);
	print_callers_of(d, at, l->column);
}

/* --- What the program told ------------------------------------------------------------- */

/* A call: the function, which may be one for all references, and who called it. */
static void print_call(const struct printer *p, const char *label,
		       uint32_t stack, const char *what)
{
	const struct location *at = block_types_place(p->in->types, stack);
	const struct location *from = at ? print_caller(p, stack, at) : NULL;
	char *place =
	    at ? card_place(at, 0) : xstrdup("a place that is not known");
	char *caller =
	    from && !place_is_start(from) ? card_place(from, 0) : NULL;

	card_line(p, label, "%s%s%s%s%s%s", place, caller ? ", from " : "",
		  caller ? caller : "", *what ? " (" : "", what,
		  *what ? ")" : "");
	free(place);
	free(caller);
}

static void print_undeclared(const struct drawing *d)
{
	const struct printer *p = d->p;
	const struct rkn_edge *e = &p->in->m->edges[d->f->undeclared];
	char *from = names_object(p->in->names, e->from);
	char *to = names_object(p->in->names, e->to);
	char *mark =
	    field_mark(p->in->types, e->from, model_edge_from(p->in->m, e), 0);

	card_line(p, "closed by",
		  "perhaps %s of %s to %s, not declared as a reference", mark,
		  from, to);
	card_line(p, "to mend",
		  "give it back, if it is one; else one more on %s is left",
		  to);
	free(mark);
	free(from);
	free(to);
}

static void print_told(const struct drawing *d)
{
	const struct finding *f = d->f;
	const struct model *m = d->p->in->m;
	char count[UNITS_SIZE];

	if (f->undeclared != RKN_NONE)
		print_undeclared(d);
	if (f->reference != RKN_NONE) {
		const struct rkn_reference *r = &m->references[f->reference];
		char *name = cycle_hint_reference(d->p, r);

		print_call(d->p, "closed by", r->stack, name);
		free(name);
	}
	if (f->orphaned != RKN_NONE)
		print_call(d->p, "orphaned by", m->events[f->orphaned].stack,
			   "");
	if (f->references && f->undeclared == RKN_NONE)
		card_line(d->p, "also held by", "%s without a recorded owner",
			  units_count(count, f->references, "reference"));
	if (f->pointed_at)
		card_line(d->p, "",
			  "pointers to it are left: stale or borrowed");
}

/* References of shared_ptr, Rc or Arc that were not given back. */
static void print_counted(const struct drawing *d)
{
	for (size_t i = 0; i < d->c.round_count && i < FINDING_DRAWN; i++) {
		size_t node = d->c.arrows[d->c.round[i]].from;
		uint32_t block = d->c.nodes[node].block;
		struct block_counts counts;
		char *text;

		if (d->c.nodes[node].object ||
		    !counts_of(d->p->in->counts, block, &counts) ||
		    counts.strong <= counts_pointers(d->p->in->counts, block))
			continue;
		text = print_counts_text(d->p, d->f, block);
		card_line(d->p, "counts", "%s", text);
		free(text);
		return;
	}
}

/* Who took the references that the cycle does not explain. */
static void print_more(const struct printer *p, const struct finding *f)
{
	uint32_t object;
	char *command;

	if (!finding_counted(f, p->in, &object, 1))
		return;
	command = print_balance_command(p, object);
	card_line(p, "more", "%s", command);
	free(command);
}

/* --- The whole -------------------------------------------------------------------------- */

void card_cycle(const struct printer *p, const struct finding *f)
{
	const struct location *all;
	struct drawing d = { .p = p, .f = f };
	struct places places = { 0 };
	char *hint;

	cycle_round_make(&d.c, p->in, f);
	if (d.c.round_count) {
		print_round(&d);
		print_others(&d);
	} else {
		print_list(&d);
	}
	add_places(&places, &d);
	all = common(&d);
	print_made(&d, &places, all);
	print_common(&d, &places, all);
	print_told(&d);
	print_counted(&d);
	hint = cycle_hint(p, f, &d.c);
	if (hint)
		card_line(p, "to break it", "%s", hint);
	free(hint);
	print_more(p, f);
	cycle_round_release(&d.c);
}
