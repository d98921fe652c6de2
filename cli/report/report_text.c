/* SPDX-License-Identifier: MIT */
#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"
#include "member.h"
#include "paint.h"
#include "report_held.h"
#include "report_print.h"
#include "units.h"
#include "unread.h"
#include "verdict.h"
#include "wishes.h"

static const struct {
	const char *title; /* of a card */
	const char *one, *many;
} words[FINDING_KINDS] = {
	[FINDING_CYCLE] = { "ORPHANED CYCLE", "orphaned cycle",
			    "orphaned cycles" },
	[FINDING_REFERENCE] = { "LEAKED REFERENCE", "leaked reference",
				"leaked references" },
	[FINDING_LEAK] = { "LEAK", "leak", "leaks" },
	[FINDING_OVER] = { "OVER-RETAINED", "over-retained type",
			   "over-retained types" },
	[FINDING_UNDER] = { "UNDER-RETAINED", "under-retained type",
			    "under-retained types" },
	[FINDING_RELEASED_AT_ZERO] = { "RELEASE AT ZERO", "release at zero",
				       "releases at zero" },
	[FINDING_ON_FREED] = { "REFERENCE ON A FREED OBJECT",
			       "reference on a freed object",
			       "references on freed objects" },
	[FINDING_FREED_HELD] = { "FREED WHILE HELD", "object freed while held",
				 "objects freed while held" },
	[FINDING_WRONG_HOLDER] = { "WRONG HOLDER", "wrong holder",
				   "wrong holders" },
	[FINDING_ZERO] = { "ZERO BUT NOT FREED", "type at zero but not freed",
			   "types at zero but not freed" },
	[FINDING_POSSIBLE] = { "POSSIBLE LEAK", "possible leak",
			       "possible leaks" },
};

/* "3 objects, 300 B" */
static void print_amount(FILE *out, uint64_t objects, uint64_t bytes)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];

	fprintf(out, "%s, %s", units_count(count, objects, "object"),
		units_bytes(size, bytes));
}

static void print_sum(const struct printer *p, const struct verdict_sum *sum,
		      int kind)
{
	fprintf(p->out, "%" PRIu64 " %s", sum->findings,
		sum->findings == 1 ? words[kind].one : words[kind].many);
	if (!sum->objects) /* wrong use is of no object that is there */
		return;
	fputs(" (", p->out);
	print_amount(p->out, sum->objects, sum->bytes);
	if (sum->held_objects) {
		fputs(", holding ", p->out);
		print_amount(p->out, sum->held_objects, sum->held_bytes);
	}
	fputc(')', p->out);
}

/* "3 findings: 1 orphaned cycle (2 objects, 48 B), 2 leaks (...)" */
static void print_sums(const struct printer *p, const struct verdict *v,
		       unsigned kinds)
{
	const char *separator = ": ";
	char count[UNITS_SIZE];

	fputs(units_count(count, v->findings, "finding"), p->out);
	for (int kind = 0; kind < FINDING_KINDS; kind++) {
		if (!v->by_kind[kind].findings || !(kinds & 1u << kind))
			continue;
		fputs(separator, p->out);
		print_sum(p, &v->by_kind[kind], kind);
		separator = ", ";
	}
}

/* What was looked for in vain: "findings", "leaks", "orphaned cycles". */
static const char *looked_for(unsigned kinds)
{
	if (kinds == 1u << FINDING_CYCLE)
		return "orphaned cycles";
	if (kinds == 1u << FINDING_POSSIBLE)
		return "possible leaks";
	return kinds & 1u << FINDING_CYCLE ? "findings" : "leaks";
}

/* "10 objects, 5.1 KiB alive" */
static void print_live(const struct printer *p, const struct verdict *v)
{
	if (p->m->blocks_cut && !v->live_objects) {
		fputs("what is alive is not known", p->out);
		return;
	}
	fputs(p->m->blocks_cut ? "at least " : "", p->out);
	print_amount(p->out, v->live_objects, v->live_bytes);
	fputs(" alive", p->out);
}

#define FEW 3 /* objects that are told at once */

/* A reference in use and a forgotten one look alike where a stale word on a
 * stack still leads to the object: the reader is sent where they are listed. */
static void print_references(const struct printer *p, const struct findings *f)
{
	char objects[UNITS_SIZE], *path = escape(p->m->path);
	uint32_t few[FEW], last = 0;
	uint64_t count = 0;

	for (size_t i = 0; i < p->m->reference_count; i++) {
		const struct rkn_reference *r = &p->m->references[i];

		if (r->kind != RKN_REFERENCE || r->holder || r->to == last ||
		    p->m->objects[r->to].block == RKN_NONE)
			continue;
		last = r->to;
		if (count < FEW)
			few[count] = last;
		count++;
	}
	if (count)
		fprintf(
		    p->out,
		    "%s alive with references that nobody is named for: refknot refs '%s' tells where they were taken\n",
		    units_count(objects, count, "object"), path);
	if (!f->count && count <= FEW) {
		for (size_t i = 0; i < count; i++) {
			uint32_t type = p->m->objects[few[i]].type;

			if (pooled_is(p->m, p->names, f, few[i]))
				continue; /* told below */
			fprintf(p->out, "    %s  1 object\n",
				names_type_called(p->names, type));
			print_outstanding_most(p, &few[i], 1, "    ");
		}
	}
	free(path);
}

/* What the program itself wants to hear nothing of. */
static void print_withheld(const struct printer *p, const struct wishes *w)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];
	uint64_t bytes, n = wishes_withheld(w, &bytes);

	if (!n)
		return;
	fprintf(p->out, "%s of %s %s not shown: the program's own %s %s\n",
		units_count(count, n, "finding"), units_bytes(size, bytes),
		n == 1 ? "is" : "are", wishes_origin(w),
		w->off ? "turned leak checks off"
		       : (n == 1 ? "covers it" : "covers them"));
}

static void print_verdict(const struct printer *p, const struct findings *f,
			  const struct verdict *v, unsigned kinds)
{
	bool good = f->checked && !v->findings;
	char *shown;
	char *name;

	fputs(paint(p->colour, good ? PAINT_GOOD : PAINT_BAD), p->out);
	/* "refknot: session[4711]: " */
	name = escape(model_called(p->m));
	fputs("refknot: ", p->out);
	if (*name)
		fprintf(p->out, "%s[%" PRIu32 "]: ", name, p->m->meta.pid);
	free(name);
	if (!f->checked)
		fprintf(p->out, "leaks and cycles were not checked: %s",
			f->why);
	else if (!v->findings)
		fprintf(p->out, "no %s", looked_for(kinds));
	else
		print_sums(p, v, kinds);
	fputs(paint(p->colour, PAINT_PLAIN), p->out);
	fputs("; ", p->out);
	print_live(p, v);
	fputs(v->complete ? "\n" : "; not all was recorded, see below\n",
	      p->out);
	/* An assertion of the program's own that ended it. */
	shown = escape(model_text(p->m, p->m->meta.message));
	if (*shown && !(p->m->meta.flags & RKN_META_OFF))
		fprintf(p->out, "an assertion failed: %s\n", shown);
	free(shown);
}

/* "9 cycles of 1 to 9 objects, " */
static void print_cycles(const struct printer *p, const struct finding *f)
{
	char text[UNITS_SIZE];

	fputs(units_count(text, f->count, "cycle"), p->out);
	if (f->least != f->most)
		fprintf(p->out, " of %" PRIu64 " to %s", f->least,
			units_count(text, f->most, "object"));
	fputs(", ", p->out);
}

/* "#2 LEAK  3 objects, 300 B  (holds 2 more, 64 B)  confidence high  evidence
 * scan", without its signature; number 0 is left out. */
static void print_heading(const struct printer *p, const struct finding *f,
			  size_t number)
{
	char text[UNITS_SIZE];
	const char *separator;

	fputs(paint(p->colour, PAINT_STRONG), p->out);
	if (number)
		fprintf(p->out, "#%zu ", number);
	fprintf(p->out, "%s%s  ", words[f->kind].title,
		paint(p->colour, PAINT_PLAIN));
	if (f->kind == FINDING_CYCLE && f->count > 1)
		print_cycles(p, f);
	if (f->error == RKN_NONE)
		print_amount(p->out, f->objects, f->bytes);
	else
		fputs(units_count(text, f->count, "time"), p->out);
	if (f->held_objects)
		fprintf(p->out, "  (holds %" PRIu64 " more, %s)",
			f->held_objects, units_bytes(text, f->held_bytes));
	fprintf(p->out, "  confidence %s  evidence ",
		finding_confidence(f, p->m));
	/* "scan, counts" */
	separator = "";
	for (int i = 0; i < FINDING_EVIDENCES; i++)
		if (f->evidence & 1u << i) {
			fprintf(p->out, "%s%s", separator,
				finding_evidence_names[i]);
			separator = ", ";
		}
}

/* Is there a pointer to its start in the block itself? */
static bool points_at_itself(const struct model *m, uint32_t block)
{
	size_t first, n = model_edges_of(m, block, &first);

	for (size_t i = first; i < first + n; i++)
		if (m->edges[i].to == block && !m->edges[i].to_offset)
			return true;
	return false;
}

static void print_rest(const struct printer *p, const struct finding *f)
{
	char count[UNITS_SIZE], cycles[UNITS_SIZE];

	if (f->kind == FINDING_CYCLE) {
		print_cycle(p, f);
		print_cycle_ledger(p, f);
		fprintf(p->out, "    call stack of the first member:\n");
	} else if (f->error != RKN_NONE) {
		print_wrong_use(p, f);
	} else {
		struct member m = member_of(p->m, p->names, f, 0);
		char text[UNITS_SIZE];

		fprintf(p->out, "    %s  0x%" PRIx64 " [%s]", m.name, m.address,
			units_bytes(text, m.bytes));
		free(m.name);
		if (f->count > 1)
			fprintf(p->out,
				" and %" PRIu64 " more from the same stack",
				f->count - 1);
		if (f->kind == FINDING_POSSIBLE)
			fputs(", held by pointers into the middle only",
			      p->out);
		else if (f->kind == FINDING_LEAK &&
			 points_at_itself(p->m, f->members[0]))
			fputs("; points at itself", p->out);
		fputc('\n', p->out);
		print_holder(p, f);
		print_counts(p, f);
	}
	print_ended_holders(p, f);
	print_stack(p, f->stack, f->twin);
	/* What is to be said about the blocks that the finding holds. */
	if (f->held_cycles)
		fprintf(p->out, "    holds %s of %s%s\n",
			f->held_cycles == 1
			    ? "a cycle"
			    : units_count(cycles, f->held_cycles, "cycle"),
			units_count(count, f->held_cycle_objects, "object"),
			f->held_cycles == 1 ? "" : " in all");
	if (f->shared_objects)
		fprintf(
		    p->out,
		    "    of what it holds, other findings hold %s too; counted here only\n",
		    units_count(count, f->shared_objects, "object"));
	if (f->elsewhere)
		fprintf(
		    p->out,
		    "    it also holds objects that are counted for another finding\n");
}

static void announce(const struct printer *p, const struct finding *f)
{
	size_t n = f->member_count;

	names_announce(p->names, f->members,
		       n < FINDING_DRAWN ? n : FINDING_DRAWN);
	if (f->held_by_edge != RKN_NONE)
		names_announce(p->names, &p->m->edges[f->held_by_edge].from, 1);
	if (f->undeclared != RKN_NONE) {
		names_announce(p->names, &p->m->edges[f->undeclared].from, 1);
		names_announce(p->names, &p->m->edges[f->undeclared].to, 1);
	}
}

static void print_findings(const struct printer *p, const struct findings *f,
			   const struct report_options *o, uint64_t count)
{
	char text[UNITS_SIZE];
	size_t n = 0;

	for (size_t i = 0, k = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], k)) {
			announce(p, &f->list[i]);
			k++;
		}
	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], n)) {
			fputc('\n', p->out);
			print_heading(p, &f->list[i], ++n);
			fprintf(p->out, REPORT_SIGNATURE, f->list[i].signature);
			print_rest(p, &f->list[i]);
		}
	if (n < count)
		fprintf(p->out, "\nomitting %s; --limit 0 shows all\n",
			units_count(text, count - n, "more finding"));
}

static void print_gaps(const struct printer *p, const struct findings *f)
{
	const char *message = model_text(p->m, p->m->meta.message);
	char *shown = escape(message);

	verdict_print_gaps(p->out, "\nnot recorded:", p->m, f);
	if (*message && p->m->meta.flags & RKN_META_OFF)
		fprintf(p->out, "    message of the recording: %s\n", shown);
	free(shown);
}

static void print_unread(const struct printer *p, const struct findings *f)
{
	struct unread u;
	char *modules, *effect;

	unread_findings(&u, p->m, p->symbols, f);
	if (!u.modules)
		return;
	modules = unread_modules(u.modules, u.path, u.why);
	effect = unread_effect(u.modules, u.affected);
	fprintf(p->out, "\nno symbols for %s;\n%s\n", modules, effect);
	free(effect);
	free(modules);
}

static void print_split(const struct printer *p)
{
	const char *path, *lost = symbols_lost_split(p->symbols, &path);
	char *file = lost ? escape(lost) : NULL;
	char *module = lost ? escape(path) : NULL;

	if (lost)
		fprintf(p->out, "\n" SYMBOLS_LOST_SPLIT "\n", file, module);
	free(module);
	free(file);
}

/* "2,401 objects, 251.4 KiB were held by memory that ..." */
static void print_gone(const struct printer *p, const struct findings *f,
		       unsigned kinds)
{
	if (!f->gone_objects || !(kinds & 1u << FINDING_LEAK))
		return;
	fputc('\n', p->out);
	print_amount(p->out, f->gone_objects, f->gone_bytes);
	fputs(
	    " held until the end by memory that the program unmapped then: not counted as lost, with confidence low\n",
	    p->out);
}

/* They are no findings unless asked for; whoever wants them is told how. */
static void print_possible(const struct printer *p, const struct verdict *v,
			   unsigned kinds)
{
	const struct verdict_sum *sum = &v->by_kind[FINDING_POSSIBLE];
	char *path;

	if (!sum->findings || kinds & 1u << FINDING_POSSIBLE ||
	    !(kinds & 1u << FINDING_LEAK))
		return;
	path = escape(p->m->path);
	fputc('\n', p->out);
	print_sum(p, sum, FINDING_POSSIBLE);
	fprintf(
	    p->out,
	    ", held by pointers into the middle only: refknot leaks -p '%s' shows %s\n",
	    path, sum->findings == 1 ? "it" : "them");
	free(path);
}

void report_text(FILE *out, const struct model *m, struct symbols *s,
		 const struct report_options *o)
{
	struct report_options preset = { .kinds = REPORT_FINDINGS,
					 .limit = REPORT_LIMIT,
					 .colour = paint_wanted(out) };
	struct printer p = { .out = out, .m = m, .symbols = s };
	struct wishes wishes;
	struct findings f;
	struct verdict v;

	o = o ? o : &preset;
	p.colour = o->colour;
	p.names = names_open(m, s);
	wishes_open(&wishes, m);
	findings_make(&f, m, s);
	wishes_withhold(&wishes, &f, m, p.names, s);
	verdict_make(&v, &f, m, o->kinds);
	print_verdict(&p, &f, &v, o->kinds);
	print_withheld(&p, &wishes);
	print_end(&p);
	if (o->kinds & 1u << FINDING_OVER)
		print_references(&p, &f);
	print_stray(&p);
	findings_sign(&f, m, p.names, s);
	print_findings(&p, &f, o, v.findings);
	print_gaps(&p, &f);
	print_unread(&p, &f);
	print_split(&p);
	print_gone(&p, &f, o->kinds);
	print_possible(&p, &v, o->kinds);
	if (o->kinds & 1u << FINDING_OVER)
		print_pooled(&p, &f);
	wishes_release(&wishes);
	names_close(p.names);
	findings_release(&f);
}

void report_card(FILE *heading, FILE *rest, const struct model *m,
		 struct symbols *s, struct names *n, const struct finding *f)
{
	struct printer p = { .out = heading, .m = m, .symbols = s, .names = n };

	announce(&p, f);
	print_heading(&p, f, 0);
	p.out = rest;
	print_rest(&p, f);
}
