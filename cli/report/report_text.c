/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "brief.h"
#include "card.h"
#include "card_depth.h"
#include "checked.h"
#include "escape.h"
#include "loss_table.h"
#include "lost_mappings.h"
#include "member.h"
#include "paint.h"
#include "pooled.h"
#include "report_print.h"
#include "shell_word.h"
#include "subject.h"
#include "text_stream.h"
#include "units.h"
#include "unread.h"
#include "verdict.h"
#include "wishes.h"
#include "wrap.h"

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
		sum->findings == 1 ? finding_kinds[kind].noun
				   : finding_kinds[kind].plural);
	if (!sum->objects) /* wrong use: the object need not exist */
		return;
	fputs(" (", p->out);
	print_amount(p->out, sum->objects, sum->bytes);
	if (sum->held_objects) {
		fputs(", holding ", p->out);
		print_amount(p->out, sum->held_objects, sum->held_bytes);
	}
	fputc(')', p->out);
}

#define FEW 3 /* objects that are listed at once */

/* Where a stale word on a stack still leads to the object, a reference in use
 * and a forgotten one look alike: names the command that lists them. */
static void print_references(const struct printer *p, const struct findings *f)
{
	char objects[UNITS_SIZE], *path = shell_word(p->in->m->path);
	uint32_t few[FEW], last = 0;
	uint64_t count = 0;

	for (size_t i = 0; i < p->in->m->reference_count; i++) {
		const struct rkn_reference *r = &p->in->m->references[i];

		if (r->kind != RKN_REFERENCE || r->holder || r->to == last ||
		    p->in->m->objects[r->to].block == RKN_NONE)
			continue;
		last = r->to;
		if (count < FEW)
			few[count] = last;
		count++;
	}
	if (count)
		fprintf(
		    p->out,
		    "%s alive with references without a recorded owner: refknot refs %s lists where they were taken\n",
		    units_count(objects, count, "object"), path);
	if (!f->count && count <= FEW) {
		for (size_t i = 0; i < count; i++) {
			uint32_t type = p->in->m->objects[few[i]].type;

			if (pooled_is(p->in, f, few[i]))
				continue; /* printed below */
			fprintf(p->out, "    %s  1 object\n",
				names_type_called(p->in->names, type));
			print_outstanding_most(p, &few[i], 1, "    ");
		}
	}
	free(path);
}

/* "2 leaks", "1 orphaned cycle, 2 leaks" */
static void print_kinds(const struct printer *p, const struct verdict *v,
			unsigned kinds)
{
	const char *separator = "";

	for (int kind = 0; kind < FINDING_KINDS; kind++) {
		uint64_t count = v->by_kind[kind].findings;

		if (!count || !(kinds & 1u << kind))
			continue;
		fprintf(p->out, "%s%" PRIu64 " %s", separator, count,
			count == 1 ? finding_kinds[kind].noun
				   : finding_kinds[kind].plural);
		separator = ", ";
	}
}

/* What was looked for in vain. */
static const char *plural_of(unsigned kinds)
{
	return kinds == 1u << FINDING_CYCLE
		   ? finding_kinds[FINDING_CYCLE].plural
	       : kinds == 1u << FINDING_POSSIBLE
		   ? finding_kinds[FINDING_POSSIBLE].plural
	       : (kinds & 1u << FINDING_CYCLE)
		   ? "findings"
		   : finding_kinds[FINDING_LEAK].plural;
}

/* "3 findings: 1 orphaned cycle, 2 leaks; 11 blocks, 1.2 KiB lost" */
static void print_outcome(const struct printer *p, const struct verdict *v,
			  unsigned kinds)
{
	char text[UNITS_SIZE];
	uint64_t blocks, bytes;
	unsigned several = 0;

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		several += v->by_kind[kind].findings && (kinds & 1u << kind);
	if (several > 1)
		fprintf(p->out,
			"%s: ", units_count(text, v->findings, "finding"));
	print_kinds(p, v, kinds);
	verdict_lost(v, kinds, &blocks, &bytes);
	if (blocks) {
		fprintf(p->out, "; %s, ", units_count(text, blocks, "block"));
		fprintf(p->out, "%s lost", units_bytes(text, bytes));
	}
}

/* "9 blocks, 4.2 KiB alive" */
static void print_alive(const struct printer *p, const struct verdict *v)
{
	char text[UNITS_SIZE];

	if (p->in->m->blocks_cut && !v->live_objects) {
		fputs("what is alive is not known", p->out);
		return;
	}
	fprintf(p->out, "%s%s, ", p->in->m->blocks_cut ? "at least " : "",
		units_count(text, v->live_objects, "block"));
	fprintf(p->out, "%s alive", units_bytes(text, v->live_bytes));
}

static void print_verdict(const struct printer *p, const struct findings *f,
			  const struct verdict *v, unsigned kinds, size_t limit)
{
	char *name = escape(model_called(p->in->m));
	char *message = escape(model_text(p->in->m, p->in->m->meta.message));
	enum paint colour = v->findings    ? PAINT_BAD
			    : !v->complete ? PAINT_DOUBT
					   : PAINT_GOOD;

	fprintf(p->out, "%srefknot: ", paint(p->colour, colour));
	if (*name)
		fprintf(p->out, "%s[%" PRIu32 "]: ", name, p->in->m->meta.pid);
	if (!f->checked)
		fprintf(p->out, "leaks and cycles were not checked: %s; ",
			f->why);
	if (v->findings) {
		print_outcome(p, v, kinds);
	} else {
		if (f->checked)
			fprintf(p->out, "no %s%s; ", plural_of(kinds),
				v->complete ? "" : ", as far as could be seen");
		print_alive(p, v);
	}
	if (limit && v->findings > limit)
		fprintf(p->out,
			limit == 1 ? "; the worst is below"
				   : "; the %zu worst are below",
			limit);
	fprintf(p->out, "%s%s\n",
		v->complete ? "" : "; not all was seen, see below",
		paint(p->colour, PAINT_PLAIN));
	/* The program's own assertion, which ended it. */
	if (*message && !(p->in->m->meta.flags & RKN_META_OFF))
		fprintf(p->out, "an assertion failed: %s\n", message);
	free(message);
	free(name);
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
	fprintf(p->out, "%s%s  ", finding_kinds[f->kind].title,
		paint(p->colour, PAINT_PLAIN));
	if (f->kind == FINDING_CYCLE && f->count > 1) {
		/* "9 cycles of 1 to 9 objects, " */
		fputs(units_count(text, f->count, "cycle"), p->out);
		if (f->least != f->most)
			fprintf(p->out, " of %" PRIu64 " to %s", f->least,
				units_count(text, f->most, "object"));
		fputs(", ", p->out);
	}
	if (f->error == RKN_NONE)
		print_amount(p->out, f->objects, f->bytes);
	else
		fputs(units_count(text, f->count, "time"), p->out);
	if (f->held_objects)
		fprintf(p->out, "  (holds %" PRIu64 " more, %s)",
			f->held_objects, units_bytes(text, f->held_bytes));
	fprintf(p->out, "  confidence %s  evidence ",
		finding_confidence(f, p->in->m));
	/* "scan, counts" */
	separator = "";
	for (int i = 0; i < FINDING_EVIDENCES; i++)
		if (f->evidence & 1u << i) {
			fprintf(p->out, "%s%s", separator,
				finding_evidence_names[i]);
			separator = ", ";
		}
}

/* The counts of a leaked block; those of a control block with what they are of. */
static void print_leaked_counts(const struct printer *p,
				const struct finding *f)
{
	uint32_t block = f->members[0];
	uint32_t object = counts_object(p->in->counts, block);
	char *name;

	if (finding_object(f, p->in->names, 0))
		return;
	if (object != RKN_NONE) {
		name = names_object(p->in->names, object);
		fprintf(p->out, "    has the counts of %s\n", name);
		free(name);
	}
	if (print_shared_counts(p, f, block, "    "))
		fputc('\n', p->out);
}

/* The block shown, and what is known of it. */
static void print_block(const struct printer *p, const struct finding *f)
{
	struct member m = member_of(p->in, f, 0);
	char text[UNITS_SIZE], *holder;

	fprintf(p->out, "    %s  0x%" PRIx64 " [%s]", m.name, m.address,
		units_bytes(text, m.bytes));
	free(m.name);
	if (f->count > 1)
		fprintf(p->out, " and %" PRIu64 " more from the same stack",
			f->count - 1);
	if (f->kind == FINDING_POSSIBLE)
		fputs(", held by pointers into the middle only", p->out);
	else if (f->kind == FINDING_LEAK &&
		 print_points_at_itself(p, f->members[0]))
		fputs("; points at itself", p->out);
	fputc('\n', p->out);
	holder = print_holder(p, f);
	if (holder)
		fprintf(p->out, "    held %s\n", holder);
	free(holder);
	print_counts(p, f);
	print_leaked_counts(p, f);
}

/* The blocks that the finding holds. */
static void print_held(const struct printer *p, const struct finding *f)
{
	char count[UNITS_SIZE], cycles[UNITS_SIZE];
	uint64_t objects, bytes;

	if (f->held_cycles)
		fprintf(p->out, "    holds %s of %s%s\n",
			f->held_cycles == 1
			    ? "a cycle"
			    : units_count(cycles, f->held_cycles, "cycle"),
			units_count(count, f->held_cycle_objects, "object"),
			f->held_cycles == 1 ? "" : " in all");
	if (f->shared_objects && finding_retains(f, &objects, &bytes)) {
		bool one = f->shared_objects == 1;

		fputs("    of what it holds, ", p->out);
		print_amount(p->out, f->shared_objects, f->shared_bytes);
		fprintf(
		    p->out,
		    " %s shared with other findings and counted here only; without %s, it retains ",
		    one ? "is" : "are", one ? "it" : "them");
		print_amount(p->out, objects, bytes);
		fputc('\n', p->out);
	}
	if (f->elsewhere)
		fprintf(
		    p->out,
		    "    it also holds objects that are counted for another finding\n");
}

static void print_rest(const struct printer *p, const struct finding *f)
{
	if (f->kind == FINDING_CYCLE) {
		print_cycle(p, f);
		print_cycle_ledger(p, f);
		fprintf(p->out, "    call stack of the first member:\n");
	} else if (f->error != RKN_NONE) {
		print_wrong_use(p, f);
	} else {
		print_block(p, f);
	}
	print_ended_holders(p, f);
	print_stack(p, f->stack, f->twin);
	print_held(p, f);
}

static void print_numbered(const struct printer *p, const struct finding *f,
			   size_t number)
{
	print_heading(p, f, number);
	fprintf(p->out, REPORT_SIGNATURE, f->signature);
	print_rest(p, f);
}

void report_finding(const struct printer *p, const struct finding *f,
		    size_t number)
{
	report_announce(p->in, f, FINDING_DRAWN);
	print_numbered(p, f, number);
}

/* The command that shows all of them, as it can be typed. */
static void print_all_command(const struct printer *p,
			      const struct report_options *o)
{
	const char *command = o->kinds == 1u << FINDING_CYCLE  ? "cycles"
			      : o->kinds & 1u << FINDING_CYCLE ? "report"
							       : "leaks";
	bool possible = o->kinds & 1u << FINDING_POSSIBLE;
	char *path = shell_word(p->in->m->path);

	fprintf(p->out, "refknot %s%s -n 0 %s\n", command,
		possible ? " -p" : "", path);
	free(path);
}

#define MANY 20 /* findings, of which a table is shorter than the list */

/* How many findings are not shown, what they lose, and how to see them. */
static void print_omitted(const struct printer *p, const struct findings *f,
			  const struct report_options *o, uint64_t count,
			  uint64_t bytes, uint64_t all)
{
	char text[UNITS_SIZE], size[UNITS_SIZE];

	if (all >= MANY) {
		fprintf(p->out, "\nall %" PRIu64 " findings:\n", all);
		loss_table_print(p, f, o->kinds);
	}
	fprintf(p->out, "\nomitting %s, %s",
		units_count(text, count, "more finding"),
		units_bytes(size, bytes));
	if (p->in->m->passing) {
		fputs("; the first are the worst\n", p->out);
	} else {
		fputs("; all: ", p->out);
		print_all_command(p, o);
	}
}

/* One finding as it is asked for. */
static void print_one(const struct printer *p, const struct finding *f,
		      size_t number, const struct card_depths *depths)
{
	if (report_full)
		print_numbered(p, f, number);
	else
		card_print(p, f, number, card_depths_of(depths, f, p->in));
}

/* What shows a finding in full; number 0: any of several. */
static void print_show_command(const struct printer *p, size_t number)
{
	char *path = shell_word(p->in->m->path);

	fprintf(p->out, "\nin full: refknot show %s ", path);
	fprintf(p->out, number ? "%zu\n" : "NUMBER\n", number);
	free(path);
}

static void print_findings(const struct printer *p, const struct findings *f,
			   const struct report_options *o, uint64_t count)
{
	struct card_depths depths = { 0 };
	uint64_t omitted = 0;
	size_t n = 0, number = 0;

	for (size_t i = 0, k = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], k)) {
			report_announce(p->in, &f->list[i], FINDING_DRAWN);
			k++;
		}
	if (!report_full)
		card_depths_make(&depths, f, p->in, o->kinds);
	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], n)) {
			fputc('\n', p->out);
			number = subject_number(i);
			print_one(p, &f->list[i], number, &depths);
			n++;
		} else if (o->kinds & 1u << f->list[i].kind) {
			omitted += f->list[i].bytes + f->list[i].held_bytes;
		}
	card_depths_release(&depths);
	if (n < count)
		print_omitted(p, f, o, count - n, omitted, count);
	if (n && !report_full && !p->in->m->passing)
		print_show_command(p, n == 1 ? number : 0);
}

/* What the reader should know about the recording and what is not shown. */
static void print_notes(const struct printer *p, const struct findings *f,
			const struct verdict *v, const size_t *children)
{
	const char *message = model_text(p->in->m, p->in->m->meta.message);
	struct unread u;
	char *warning;
	size_t at = 0;

	if (v->findings)
		fputc('\n', p->out);
	checked_print(p->out, p->in, f, v, children);
	if (*message && p->in->m->meta.flags & RKN_META_OFF) {
		char *shown = escape(message);

		fprintf(p->out, "%*smessage of the recording: %s\n",
			VERDICT_INDENT, "", shown);
		free(shown);
	}
	unread_findings(&u, p->in, f);
	if (u.modules) {
		char *modules = unread_modules(u.modules, u.path, u.why);
		char *effect = unread_effect(u.modules, u.affected);

		fprintf(p->out, "\nno symbols for %s;\n%s\n", modules, effect);
		free(effect);
		free(modules);
	}
	while ((warning = symbols_warning(p->in->symbols, &at))) {
		fprintf(p->out, "\n%s\n", warning);
		free(warning);
	}
}

/* Findings that were not asked for. */
static void print_other_kinds(const struct printer *p, const struct verdict *v,
			      unsigned kinds)
{
	unsigned others = REPORT_FINDINGS & ~kinds;
	char *path = shell_word(p->in->m->path);

	if (verdict_findings(v, others) && !p->in->m->passing) {
		fputs("\nnot shown: ", p->out);
		print_kinds(p, v, others);
		fprintf(p->out, "; all: refknot report %s\n", path);
	}
	free(path);
}

/* What does not count as a finding of `kinds`, and how to see it. */
static void print_others(const struct printer *p, const struct findings *f,
			 const struct verdict *v, unsigned kinds)
{
	const struct verdict_sum *sum = &v->by_kind[FINDING_POSSIBLE];

	print_other_kinds(p, v, kinds);
	if (!(kinds & 1u << FINDING_LEAK))
		return;
	if (f->gone_objects) {
		fputc('\n', p->out);
		print_amount(p->out, f->gone_objects, f->gone_bytes);
		fputs(
		    " held until the end by memory that the program unmapped then: not counted as lost, with confidence low\n",
		    p->out);
	}
	if (sum->findings && !(kinds & 1u << FINDING_POSSIBLE)) {
		char *path = shell_word(p->in->m->path);

		fputc('\n', p->out);
		print_sum(p, sum, FINDING_POSSIBLE);
		fprintf(
		    p->out,
		    ", held by pointers into the middle only: refknot leaks -p %s shows %s\n",
		    path, sum->findings == 1 ? "it" : "them");
		free(path);
	}
}

static void print_whole(const struct printer *p, struct findings *f,
			const struct verdict *v, const struct report_options *o,
			const struct wishes *wishes)
{
	const struct rkn_meta *meta = &p->in->m->meta;
	char count[UNITS_SIZE], size[UNITS_SIZE];
	uint64_t bytes, withheld;

	print_verdict(p, f, v, o->kinds, o->limit);
	withheld = wishes_withheld(wishes, &bytes);
	if (withheld)
		fprintf(p->out,
			"%s of %s %s not shown: the program's own %s %s\n",
			units_count(count, withheld, "finding"),
			units_bytes(size, bytes), withheld == 1 ? "is" : "are",
			wishes_origin(wishes),
			wishes->off     ? "turned leak checks off"
			: withheld == 1 ? "covers it"
					: "covers them");
	if (meta->end == RKN_END_SIGNAL)
		fprintf(p->out, "signal %" PRId32 " (%s) ended the process\n",
			meta->end_value, units_signal(meta->end_value));
	if (o->kinds & 1u << FINDING_OVER)
		print_references(p, f);
	print_stray(p);
	findings_sign(f, p->in);
	print_findings(p, f, o, v->findings);
	print_notes(p, f, v, o->children);
	print_others(p, f, v, o->kinds);
	lost_mappings_print(p, o);
	if (o->kinds & 1u << FINDING_OVER)
		print_pooled(p, f);
}

static void print_report(FILE *out, size_t width, const struct reading *in,
			 const struct report_options *o)
{
	struct printer p = {
		.out = out, .in = in, .colour = o->colour, .width = width
	};
	struct wishes wishes;
	struct findings f;
	struct verdict v;

	wishes_findings(&wishes, &f, in);
	verdict_make(&v, &f, in->m, o->kinds);
	if (brief_wanted)
		brief_print(&p, &f, &v, o, &wishes);
	else
		print_whole(&p, &f, &v, o, &wishes);
	wishes_release(&wishes);
	findings_release(&f);
}

#define INDENT 4 /* of a line that continues */

void report_text(FILE *out, const struct reading *in,
		 const struct report_options *o)
{
	struct report_options preset = { .kinds = REPORT_FINDINGS,
					 .limit =
					     brief_wanted ? 0 : REPORT_LIMIT,
					 .colour = paint_wanted(out) };
	size_t width = brief_wanted ? 0 : paint_width(out), size;
	char *text;
	FILE *lines;

	o = o ? o : &preset;
	if (!width) {
		print_report(out, width, in, o);
		return;
	}
	lines = text_stream_open(&text, &size);
	print_report(lines, width, in, o);
	text_stream_close(lines);
	wrap_print(out, text, report_full ? 0 : width, INDENT);
	free(text);
}

void report_card(FILE *heading, FILE *rest, const struct reading *in,
		 const struct finding *f, unsigned depth)
{
	struct printer p = { .out = heading, .in = in };

	report_announce(in, f, FINDING_DRAWN);
	if (report_full)
		print_heading(&p, f, 0);
	else
		card_heading(&p, f, 0);
	p.out = rest;
	if (report_full)
		print_rest(&p, f);
	else
		card_body(&p, f, depth);
}
