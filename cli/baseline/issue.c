/* SPDX-License-Identifier: MIT */
#include "issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "die.h"
#include "list.h"
#include "member.h"
#include "report.h"
#include "status.h"
#include "units.h"
#include "unread.h"

/* One recording whose findings become issues. */
struct adder {
	const struct model *m;
	struct names *names;
	struct symbols *symbols;
	const struct sources *sources;
};

/* --- Stacks ---------------------------------------------------------------- */

static void add_stack(struct issue *i, const struct adder *a, const char *what,
		      uint32_t stack)
{
	*LIST_ADD(i->stacks, i->stack_count) =
	    issue_stack_make(a->m, a->symbols, what, stack);
}

#define MOST_CALLERS  4   /* stacks of them */
#define MOST_BALANCED 256 /* objects whose calls are looked at */

/* Who took the references that are left, or did not: nobody else is told as the
 * one to blame. */
static void add_callers(struct issue *i, const struct adder *a,
			const struct callers *c)
{
	for (size_t k = 0; k < c->count && k < MOST_CALLERS; k++) {
		const struct callers_row *r = &c->rows[k];

		add_stack(i, a,
			  r->taken < r->given
			      ? "more references were given back than taken"
			  : r->maker
			      ? "the first reference was the maker's"
			      : "more references were taken than given back",
			  r->stack);
	}
}

static void find_callers(struct callers *c, const struct adder *a,
			 const struct finding *f)
{
	uint32_t objects[MOST_BALANCED];
	size_t n = finding_counted(f, a->m, a->names, objects, MOST_BALANCED);

	callers_make(c, a->m, a->symbols, objects, n);
}

/* What the ledger knows of calls that led to it. */
static void add_calls(struct issue *i, const struct adder *a,
		      const struct finding *f, const struct callers *callers)
{
	const struct model *m = a->m;

	if (f->reference != RKN_NONE)
		add_stack(
		    i, a,
		    f->kind == FINDING_CYCLE
			? "the reference that closed the cycle was taken"
			: "the reference that was not given back was taken",
		    m->references[f->reference].stack);
	add_callers(i, a, callers);
	if (f->orphaned != RKN_NONE)
		add_stack(i, a, "the release that orphaned the cycle",
			  m->events[f->orphaned].stack);
	if (f->error != RKN_NONE) {
		add_stack(i, a, "the object was made",
			  m->errors[f->error].made_stack);
		if (m->errors[f->error].ended_stack)
			add_stack(i, a, "the object was freed",
				  m->errors[f->error].ended_stack);
		if (m->errors[f->error].other.stack)
			add_stack(i, a, "another holder came to have it",
				  m->errors[f->error].other.stack);
		if (m->errors[f->error].who.stack)
			add_stack(i, a, "the holder let go of its own",
				  m->errors[f->error].who.stack);
	}
}

/* --- Members --------------------------------------------------------------- */

/* Where `from` points to `to`, bytes; 0 if nowhere. */
static uint64_t pointer_offset(const struct model *m, const struct member *from,
			       const struct member *to)
{
	size_t first, n = model_edges_of(m, from->block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &m->edges[i];
		uint64_t offset = model_edge_from(m, e);

		if (member_has(from, e->from, offset) &&
		    member_has(to, e->to, model_edge_to(m, e)))
			return offset - from->start;
	}
	return 0;
}

static void add_members(struct issue *i, const struct adder *a,
			const struct finding *f)
{
	struct member members[FINDING_DRAWN];
	size_t n =
	    f->member_count < FINDING_DRAWN ? f->member_count : FINDING_DRAWN;

	if (f->kind != FINDING_CYCLE)
		return;
	for (size_t k = 0; k < n; k++)
		members[k] = member_of(a->m, a->names, f, k);
	i->members = xcalloc(n, sizeof(*i->members));
	i->member_count = n;
	for (size_t k = 0; k < n; k++)
		i->members[k] = (struct issue_member){
			.name = members[k].name,
			.bytes = members[k].bytes,
			.offset = pointer_offset(a->m, &members[k],
						 &members[(k + 1) % n]),
		};
}

/* --- Issues ---------------------------------------------------------------- */

static void add_card(struct issue *i, const struct adder *a,
		     const struct finding *f)
{
	size_t sizes[2];
	FILE *heading = open_memstream(&i->heading, &sizes[0]);
	FILE *card = open_memstream(&i->card, &sizes[1]);

	if (!heading || !card)
		die(STATUS_INPUT, "out of memory");
	report_card(heading, card, a->m, a->symbols, a->names, f);
	if (fclose(heading) || fclose(card))
		die(STATUS_INPUT, "out of memory");
}

static void add_amounts(struct issue *i, const struct finding *f,
			size_t recording)
{
	i->count += f->count;
	i->objects += f->objects;
	i->bytes += f->bytes;
	i->held_objects += f->held_objects;
	i->held_bytes += f->held_bytes;
	i->references += f->references;
	i->processes += i->recording != recording;
	i->recording = recording;
}

/* As its signature has it; of a cycle those of all members are in that. */
static char *object_type(const struct adder *a, const struct finding *f)
{
	uint32_t o = f->kind != FINDING_CYCLE && f->member_count
			 ? finding_object(f, a->names, 0)
			 : 0;

	return o ? xstrdup(names_type_called(a->names, a->m->objects[o].type))
		 : NULL;
}

static void make_issue(struct issue *i, const struct adder *a,
		       const struct finding *f, const struct callers *callers)
{
	*i = (struct issue){
		.signature = xstrdup(f->signature),
		.kind = f->kind,
		.confidence = finding_confidence(f, a->m),
		.type = xstrdup(finding_type(f, a->m, a->names)),
		.object_type = object_type(a, f),
		.program = xstrdup(model_text(a->m, a->m->meta.program)),
		.name = xstrdup(model_called(a->m)),
		.pid = a->m->meta.pid,
		.unread = unread_has(a->m, a->symbols, f),
	};
	add_card(i, a, f); /* announces the members */
	add_members(i, a, f);
	add_stack(i, a, f->error == RKN_NONE ? "allocated" : "the wrong call",
		  f->stack);
	add_calls(i, a, f, callers);
	i->place = issue_stack_blame(&i->stacks[0], a->sources, &i->path);
}

static void release(struct issue *i)
{
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

size_t issue_base(const char *signature)
{
	return strcspn(signature, ".");
}

static bool is_alike(const struct issue *i, const struct finding *f,
		     const struct frame_lines *lines)
{
	size_t base = issue_base(f->signature);

	return issue_base(i->signature) == base &&
	       !memcmp(i->signature, f->signature, base) &&
	       frame_lines_equal(&i->lines, lines);
}

/* Leaks from the same lines are one, however deep a function called itself. */
static bool is_one(const struct finding *f, const struct frame_lines *lines)
{
	return (f->kind == FINDING_LEAK || f->kind == FINDING_POSSIBLE) &&
	       frame_lines_all_known(lines);
}

/* Its like in another process, or in this one; NULL: there is none. Where
 * several are alike, those that have the same number. */
static struct issue *find(struct issues *list, const struct finding *f,
			  const struct frame_lines *lines)
{
	bool one = is_one(f, lines);
	struct issue *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct issue *other = &list->list[i];

		if (!is_alike(other, f, lines) ||
		    (!one && other->recording == list->recordings))
			continue;
		if (!found || !strcmp(other->signature, f->signature))
			found = other;
	}
	return found;
}

static struct issue *append(struct issues *list)
{
	return LIST_ADD(list->list, list->count);
}

/* What covers it where it is found first; the same holds for its like, but what
 * a program brings holds for that one alone. */
static struct suppression *
covering(const struct adder *a, const struct finding *f, struct suppressions *s)
{
	return s ? suppress_find(s, f, a->m, a->names, a->symbols) : NULL;
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
	i->program = xstrdup(model_text(a->m, a->m->meta.program));
	i->name = xstrdup(model_called(a->m));
	i->pid = a->m->meta.pid;
}

static void count_covered(struct suppression *by, const struct finding *f)
{
	by->findings++;
	by->bytes += f->bytes + f->held_bytes;
}

static void add(struct issues *list, const struct adder *a,
		const struct finding *f, struct suppressions *s,
		struct suppressions *own)
{
	struct suppression *by, *by_own = covering(a, f, own);
	struct frame_lines lines;
	struct callers callers;
	struct issue *i;

	find_callers(&callers, a, f);
	frame_lines_make(&lines, f, a->m, a->names, a->symbols, a->sources);
	i = find(list, f, &lines);
	if (i) {
		frame_lines_release(&lines);
		by = i->by_own ? NULL : i->by;
		if (!i->by && by_own) {
			callers_release(&callers);
			count_covered(by_own, f);
			return;
		}
		if (i->by_own && !by_own)
			unsuppress(i, a);
	} else {
		i = append(list);
		make_issue(i, a, f, &callers);
		i->lines = lines;
		by = covering(a, f, s);
	}
	takers_add(&i->takers, &callers);
	callers_release(&callers);
	add_amounts(i, f, list->recordings);
	if (!by && !by_own)
		return;
	i->state = ISSUE_SUPPRESSED;
	i->by = by ? by : by_own;
	i->by_own = !by;
	count_covered(i->by, f);
}

void issues_add(struct issues *list, const struct findings *f,
		const struct model *m, struct names *names,
		struct symbols *symbols, struct suppressions *s,
		struct suppressions *own, const struct sources *sources)
{
	struct adder a = { m, names, symbols, sources };

	list->recordings++;
	list->sources = sources;
	for (size_t k = 0; k < f->count; k++)
		add(list, &a, &f->list[k], s, own);
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
	for (size_t i = 0; i < list->count; i++)
		release(&list->list[i]);
	free(list->list);
	*list = (struct issues){ 0 };
}

/* "3 cycles, 6 objects", "2 references", "once" */
static void print_amount(FILE *out, const struct issue *i)
{
	char text[UNITS_SIZE];

	if (i->kind == FINDING_CYCLE)
		fprintf(out, "%s, ", units_count(text, i->count, "cycle"));
	if (i->objects)
		fputs(units_count(text, i->objects, "object"), out);
	else
		fputs(units_count(text, i->count, "time"), out);
	if (i->bytes)
		fprintf(out, ", %s", units_bytes(text, i->bytes));
	if (i->held_objects) {
		fprintf(out, ", holding %s",
			units_count(text, i->held_objects, "object"));
		fprintf(out, " of %s", units_bytes(text, i->held_bytes));
	}
}

static char *amount_of(const struct issue *i, const char *what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	print_amount(out, i);
	fprintf(out, ": %s", what);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

char *issue_summary(const struct issue *i)
{
	return amount_of(i, i->type);
}

/* Of "malloc in make_copy" and "make_copy at copy.c:4, ..." what is alike;
 * bytes of the latter. */
static size_t overlap(const char *type, const char *chain)
{
	static const char in[] = " in ";

	for (const char *at = type; (at = strstr(at, in)); at++) {
		size_t length = strlen(at + strlen(in));

		if (!strncmp(at + strlen(in), chain, length) &&
		    (!chain[length] || strchr(" ,", chain[length])))
			return length;
	}
	return 0;
}

char *issue_called(const struct issue *i)
{
	size_t known;

	if (!i->apart.chain)
		return xstrdup(i->type);
	known = overlap(i->type, i->apart.chain);
	return xasprintf("%s%s%s", i->type, known ? "" : ", in ",
			 i->apart.chain + known);
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
