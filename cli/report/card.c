/* SPDX-License-Identifier: MIT */
#include "card.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "member.h"
#include "paint.h"
#include "text_stream.h"
#include "units.h"
#include "wrap.h"

/* --- The heading -------------------------------------------------------------------- */

/* What the finding consists of: an object if the program says that it is one. */
static const char *noun_of(const struct printer *p, const struct finding *f)
{
	if (f->kind == FINDING_CYCLE || !f->member_count ||
	    finding_object(f, p->in->names, 0))
		return "object";
	return "block";
}

static void print_size(const struct printer *p, const struct finding *f)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];
	const char *noun = noun_of(p, f);
	uint64_t each = f->count > 1 && f->kind == FINDING_CYCLE ? f->count : 1;
	bool even = f->least == f->most && f->bytes % each == 0;

	if (f->error != RKN_NONE) {
		fputs(units_count(count, f->count, "time"), p->out);
		return;
	}
	if (each > 1)
		fprintf(p->out, "%s   ", units_count(count, each, "time"));
	if (each > 1 && even)
		fprintf(p->out, "%s, %s each",
			units_count(count, f->objects / each, noun),
			units_bytes(size, f->bytes / each));
	else
		fprintf(p->out, "%s, %s%s",
			units_count(count, f->objects, noun),
			units_bytes(size, f->bytes), each > 1 ? " in all" : "");
	if (f->held_objects)
		fprintf(p->out, " (%s %" PRIu64 " more, %s)",
			f->objects == 1 ? "holds" : "hold", f->held_objects,
			units_bytes(size, f->held_bytes));
}

/* "struct item", if the type of the first member is more than its site. */
static void print_type(const struct printer *p, const struct finding *f)
{
	const char *type = finding_type(f, p->in);

	char *text;

	if (f->kind == FINDING_CYCLE || strstr(type, " in "))
		return;
	text = card_type(type);
	fprintf(p->out, "   %s", text);
	free(text);
}

static void print_doubt(const struct printer *p, const struct finding *f)
{
	const char *confidence = finding_confidence(f, p->in->m);

	if (f->kind != FINDING_POSSIBLE && strcmp(confidence, "high"))
		fprintf(p->out, "   %sconfidence %s%s",
			paint(p->colour, PAINT_DOUBT), confidence,
			paint(p->colour, PAINT_PLAIN));
}

void card_heading(const struct printer *p, const struct finding *f,
		  size_t number)
{
	if (number)
		fprintf(p->out, "%s%zu  %s", paint(p->colour, PAINT_STRONG),
			number, paint(p->colour, PAINT_PLAIN));
	fprintf(p->out, "%s%s%s   ",
		paint(p->colour,
		      f->kind == FINDING_POSSIBLE ? PAINT_DOUBT : PAINT_BAD),
		finding_kinds[f->kind].title, paint(p->colour, PAINT_PLAIN));
	print_size(p, f);
	print_type(p, f);
	print_doubt(p, f);
}

/* --- Leaks --------------------------------------------------------------------------- */

/* The counts of a leaked block; those of a control block with what they are of. */
static void print_leaked_counts(const struct printer *p,
				const struct finding *f)
{
	uint32_t block = f->members[0];
	uint32_t object = counts_object(p->in->counts, block);
	char *counts, *name;

	if (finding_object(f, p->in->names, 0))
		return;
	counts = print_counts_text(p, f, block);
	if (object != RKN_NONE) {
		name = names_object(p->in->names, object);
		card_line(p, "counts", "of %s%s%s", name, counts ? ": " : "",
			  counts ? counts : "");
		free(name);
	} else if (counts) {
		card_line(p, "counts", "%s", counts);
	}
	free(counts);
}

static void print_leak(const struct printer *p, const struct finding *f,
		       unsigned depth)
{
	const char *it = f->objects == 1 ? "it" : "them";
	char text[UNITS_SIZE], *holder;

	card_stack(p, f->stack, depth);
	holder = print_holder(p, f);
	if (holder)
		card_line(p, "held", "%s", holder);
	free(holder);
	print_leaked_counts(p, f);
	if (f->held_cycles)
		card_line(p, "holds", "%s of %" PRIu64 " objects",
			  units_count(text, f->held_cycles, "cycle"),
			  f->held_cycle_objects);
	if (f->kind == FINDING_LEAK && print_points_at_itself(p, f->members[0]))
		card_line(
		    p, "to mend",
		    "it points at itself: free it, or clear that pointer if it counts");
	else if (f->kind == FINDING_LEAK)
		card_line(p, "to mend",
			  "free %s before %s overwritten or %s freed", it,
			  f->objects == 1 ? "its pointer is"
					  : "their pointers are",
			  f->objects == 1 ? "its owner" : "their owners");
	else
		card_line(
		    p, "to mend",
		    "nothing, if the program can get back to the start of %s",
		    it);
}

void card_body(const struct printer *p, const struct finding *f, unsigned depth)
{
	switch (f->kind) {
	case FINDING_CYCLE:
		card_cycle(p, f);
		break;
	case FINDING_LEAK:
	case FINDING_POSSIBLE:
		print_leak(p, f, depth);
		break;
	default:
		card_references(p, f);
		break;
	}
}

/* --- The whole ------------------------------------------------------------------------- */

void card_print(const struct printer *p, const struct finding *f, size_t number,
		unsigned depth)
{
	struct printer inner = *p;
	size_t size, lines;
	char *text = NULL;

	depth = depth < CARD_DEPTH ? CARD_DEPTH : depth;
	report_announce(p->in, f, FINDING_DRAWN);
	do {
		free(text);
		inner.out = text_stream_open(&text, &size);
		card_heading(&inner, f, number);
		fputc('\n', inner.out);
		card_body(&inner, f, depth);
		text_stream_close(inner.out);
		lines =
		    wrap_print(NULL, text, p->width, CARD_LEFT + CARD_LABEL);
	} while (lines > CARD_LINES && depth-- > 1);
	wrap_print(p->out, text, p->width, CARD_LEFT + CARD_LABEL);
	free(text);
}
