/* SPDX-License-Identifier: MIT */
#include "issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "card_depth.h"
#include "die.h"
#include "list.h"
#include "member.h"
#include "report.h"
#include "text_stream.h"
#include "units.h"
#include "unread.h"

/* One recording whose findings become issues. */
struct adder {
	const struct reading *in;
	const struct sources *sources;
	struct card_depths depths;
};

/* --- Stacks ---------------------------------------------------------------- */

static void add_stack(struct issue *i, const struct adder *a, const char *what,
		      uint32_t stack)
{
	*LIST_ADD(i->stacks, i->stack_count) =
	    issue_stack_make(a->in, what, stack);
}

#define MOST_CALLERS  4   /* stacks of them */
#define MOST_BALANCED 256 /* objects whose calls are looked at */

/* --- Members --------------------------------------------------------------- */

static void add_members(struct issue *i, const struct adder *a,
			const struct finding *f)
{
	const struct model *m = a->in->m;
	struct member members[FINDING_DRAWN];
	size_t n =
	    f->member_count < FINDING_DRAWN ? f->member_count : FINDING_DRAWN;

	for (size_t k = 0; k < n; k++)
		members[k] = member_of(a->in, f, k);
	i->members = xcalloc(n, sizeof(*i->members));
	i->member_count = n;
	for (size_t k = 0; k < n; k++) {
		const struct member *from = &members[k];
		const struct member *to = &members[(k + 1) % n];
		size_t first, count = model_edges_of(m, from->block, &first);
		struct issue_member *made = &i->members[k];

		*made = (struct issue_member){ .name = from->name,
					       .bytes = from->bytes };
		for (size_t j = first; j < first + count; j++) {
			const struct rkn_edge *e = &m->edges[j];
			uint64_t offset = model_edge_from(m, e);

			if (!member_has(from, e->from, offset) ||
			    !member_has(to, e->to, model_edge_to(m, e)))
				continue;
			made->offset = offset - from->start;
			break;
		}
	}
}

/* --- Issues ---------------------------------------------------------------- */

/* Adds the stacks: first the finding's own, then what the ledger knows of calls
 * that led to it. */
static void add_stacks(struct issue *i, const struct adder *a,
		       const struct finding *f, const struct callers *callers)
{
	const struct model *m = a->in->m;
	const struct rkn_error *e;

	add_stack(i, a, f->error == RKN_NONE ? "allocated" : "the wrong call",
		  f->stack);
	if (f->reference != RKN_NONE)
		add_stack(
		    i, a,
		    f->kind == FINDING_CYCLE
			? "the reference that closed the cycle was taken"
			: "the reference that was not given back was taken",
		    m->references[f->reference].stack);
	/* Only those that took the references that are left, or did not, are to
	 * blame. */
	for (size_t k = 0; k < callers->count && k < MOST_CALLERS; k++) {
		const struct callers_row *r = &callers->rows[k];

		add_stack(i, a,
			  r->taken < r->given
			      ? "more references were given back than taken"
			  : r->maker
			      ? "the first reference was the maker's"
			      : "more references were taken than given back",
			  r->stack);
	}
	if (f->orphaned != RKN_NONE)
		add_stack(i, a, "the release that orphaned the cycle",
			  m->events[f->orphaned].stack);
	if (f->error == RKN_NONE)
		return;
	e = &m->errors[f->error];
	add_stack(i, a, "the object was made", e->made_stack);
	if (e->ended_stack)
		add_stack(i, a, "the object was freed", e->ended_stack);
	if (e->other.stack)
		add_stack(i, a, "another holder came to have it",
			  e->other.stack);
	if (e->who.stack)
		add_stack(i, a, "the holder let go of its own", e->who.stack);
}

static void make_issue(struct issue *i, const struct adder *a,
		       const struct finding *f, const struct callers *callers)
{
	/* As its signature has it; that of a cycle has those of all members. */
	uint32_t object = f->kind != FINDING_CYCLE && f->member_count
			      ? finding_object(f, a->in->names, 0)
			      : 0;
	const unsigned depth = card_depths_of(&a->depths, f, a->in);
	size_t sizes[2];
	FILE *heading, *card;

	*i = (struct issue){
		.signature = xstrdup(f->signature),
		.kind = f->kind,
		.confidence = finding_confidence(f, a->in->m),
		.type = xstrdup(finding_type(f, a->in)),
		.program =
		    xstrdup(model_text(a->in->m, a->in->m->meta.program)),
		.name = xstrdup(model_called(a->in->m)),
		.pid = a->in->m->meta.pid,
		.unread = unread_has(a->in, f),
	};
	if (object)
		i->object_type = xstrdup(names_type_called(
		    a->in->names, a->in->m->objects[object].type));
	heading = text_stream_open(&i->heading, &sizes[0]);
	card = text_stream_open(&i->card, &sizes[1]);
	/* It announces the members. Another process may have its like, which
	 * other callers tell apart. */
	report_card(heading, card, a->in, f,
		    depth < CARD_DEPTH_USUAL ? CARD_DEPTH_USUAL : depth);
	text_stream_close(heading);
	text_stream_close(card);
	if (f->kind == FINDING_CYCLE)
		add_members(i, a, f);
	add_stacks(i, a, f, callers);
	i->place = issue_stack_blame(&i->stacks[0], a->sources, &i->path);
}

size_t issue_base(const char *signature)
{
	return strcspn(signature, ".");
}

/* Its like in another process, or in this one; NULL: there is none. Where
 * several are alike, those that have the same number. */
static struct issue *find(struct issues *list, const struct finding *f,
			  const struct frame_lines *lines)
{
	/* Leaks from the same lines are one, however deep a function called
	 * itself. */
	bool one = (f->kind == FINDING_LEAK || f->kind == FINDING_POSSIBLE) &&
		   frame_lines_all_known(lines);
	size_t base = issue_base(f->signature);
	struct issue *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct issue *other = &list->list[i];

		if (strncmp(other->signature, f->signature, base) != 0 ||
		    (other->signature[base] && other->signature[base] != '.') ||
		    !frame_lines_equal(&other->lines, lines) ||
		    (!one && other->recording == list->recordings))
			continue;
		if (!found || !strcmp(other->signature, f->signature))
			found = other;
	}
	return found;
}

/* It is found in another program, which does not bring what the first did: that
 * one's part counts no more. */
static void unsuppress(struct issue *i, const struct adder *a)
{
	i->state = ISSUE_NEW;
	i->by = NULL;
	i->by_own = false;
	i->count = i->objects = i->bytes = i->references = 0;
	i->held_objects = i->held_bytes = 0;
	i->recording = i->processes = 0;
	free(i->program);
	free(i->name);
	i->program = xstrdup(model_text(a->in->m, a->in->m->meta.program));
	i->name = xstrdup(model_called(a->in->m));
	i->pid = a->in->m->meta.pid;
}

/* The suppression that covers it where it is found first; the same holds for its
 * like, but what a program brings holds only for that one. */
static struct suppression *
covering(const struct adder *a, const struct finding *f, struct suppressions *s)
{
	return s ? suppress_find(s, f, a->in) : NULL;
}

static void count_covered(struct suppression *by, const struct finding *f)
{
	by->findings++;
	by->bytes += f->bytes + f->held_bytes;
}

void issues_add(struct issues *list, const struct findings *findings,
		const struct reading *in, struct suppressions *s,
		struct suppressions *own, const struct sources *sources)
{
	struct adder a = { in, sources, { 0 } };

	list->recordings++;
	list->sources = sources;
	card_depths_make(&a.depths, findings, in, ~0u);
	for (size_t k = 0; k < findings->count; k++) {
		const struct finding *f = &findings->list[k];
		struct suppression *by, *by_own = covering(&a, f, own);
		uint32_t objects[MOST_BALANCED];
		size_t n = finding_counted(f, in, objects, MOST_BALANCED);
		struct frame_lines lines;
		struct callers callers;
		struct issue *i;

		callers_make(&callers, in, objects, n);
		frame_lines_make(&lines, f, in, sources);
		i = find(list, f, &lines);
		if (i) {
			frame_lines_release(&lines);
			by = i->by_own ? NULL : i->by;
			if (!i->by && by_own) {
				callers_release(&callers);
				count_covered(by_own, f);
				continue;
			}
			if (i->by_own && !by_own)
				unsuppress(i, &a);
		} else {
			i = LIST_ADD(list->list, list->count);
			make_issue(i, &a, f, &callers);
			i->lines = lines;
			by = covering(&a, f, s);
		}
		takers_add(&i->takers, &callers);
		callers_release(&callers);
		i->count += f->count;
		i->objects += f->objects;
		i->bytes += f->bytes;
		i->held_objects += f->held_objects;
		i->held_bytes += f->held_bytes;
		i->references += f->references;
		i->processes += i->recording != list->recordings;
		i->recording = list->recordings;
		if (!by && !by_own)
			continue;
		i->state = ISSUE_SUPPRESSED;
		i->by = by ? by : by_own;
		i->by_own = !by;
		count_covered(i->by, f);
	}
	card_depths_release(&a.depths);
}

/* By state, kind, bytes, signature. */
static int compare(const void *a, const void *b)
{
	const struct issue *x = a, *y = b;
	uint64_t x_bytes = x->bytes + x->held_bytes;
	uint64_t y_bytes = y->bytes + y->held_bytes;
	static const int ranks[] = { [ISSUE_NEW] = 0,
				     [ISSUE_GROWN] = 1,
				     [ISSUE_KNOWN] = 2,
				     [ISSUE_SUPPRESSED] = 3 };

	if (x->state != y->state)
		return ranks[x->state] - ranks[y->state];
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (x_bytes != y_bytes)
		return x_bytes > y_bytes ? -1 : 1;
	return strcmp(x->signature, y->signature);
}

void issues_sort(struct issues *list)
{
	if (list->count)
		qsort(list->list, list->count, sizeof(*list->list), compare);
}

void issues_release(struct issues *list)
{
	for (size_t n = 0; n < list->count; n++) {
		struct issue *i = &list->list[n];

		for (size_t k = 0; k < i->stack_count; k++)
			issue_stack_release(&i->stacks[k]);
		for (size_t k = 0; k < i->member_count; k++)
			free(i->members[k].name);
		frame_lines_release(&i->lines);
		apart_release(&i->apart);
		takers_release(&i->takers);
		free(i->stacks);
		free(i->members);
		free(i->signature);
		free(i->type);
		free(i->heading);
		free(i->card);
		free(i->other);
		free(i->differs);
		free(i->object_type);
		free(i->path);
		free(i->program);
		free(i->name);
	}
	free(list->list);
	*list = (struct issues){ 0 };
}

/* "3 cycles, 6 objects: Node", "2 references: Session", "once: Session" */
static char *amount_of(const struct issue *i, const char *what)
{
	char n[UNITS_SIZE], *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	if (i->kind == FINDING_CYCLE)
		fprintf(out, "%s, ", units_count(n, i->count, "cycle"));
	if (i->objects)
		fputs(units_count(n, i->objects, "object"), out);
	else
		fputs(units_count(n, i->count, "time"), out);
	if (i->bytes)
		fprintf(out, ", %s", units_bytes(n, i->bytes));
	if (i->held_objects) {
		fprintf(out, ", holding %s",
			units_count(n, i->held_objects, "object"));
		fprintf(out, " of %s", units_bytes(n, i->held_bytes));
	}
	fprintf(out, ": %s", what);
	text_stream_close(out);
	return text;
}

char *issue_summary(const struct issue *i)
{
	return amount_of(i, i->type);
}

char *issue_called(const struct issue *i)
{
	static const char in[] = " in ";
	const char *chain = i->apart.chain;
	size_t known = 0;

	if (!chain)
		return xstrdup(i->type);
	/* What "malloc in make_copy" and "make_copy at copy.c:4, ..." have in
	 * common is printed once. */
	for (const char *at = i->type; !known && (at = strstr(at, in)); at++) {
		size_t length = strlen(at + strlen(in));

		if (!strncmp(at + strlen(in), chain, length) &&
		    (!chain[length] || strchr(" ,", chain[length])))
			known = length;
	}
	return xasprintf("%s%s%s", i->type, known ? "" : ", in ",
			 chain + known);
}

char *issue_headline(const struct issue *i)
{
	char *called = issue_called(i), *text = amount_of(i, called);

	free(called);
	return text;
}

const struct issue_frame *issue_place(const struct issue *i)
{
	const struct issue_stack *s = i->stacks;

	return i->stack_count && i->place < s->count ? &s->frames[i->place]
						     : NULL;
}

const struct issue_frame *issue_site(const struct issue *i)
{
	return i->apart.path ? &i->stacks[0].frames[i->apart.site]
			     : issue_place(i);
}

const char *issue_site_path(const struct issue *i)
{
	return i->apart.path ? i->apart.path : i->path;
}
