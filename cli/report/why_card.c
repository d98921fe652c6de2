/* SPDX-License-Identifier: MIT */
#include "why_card.h"

#include <stdlib.h>

#include "document.h"
#include "object_card.h"
#include "paint.h"
#include "units.h"

enum state {
	STATE_ENDED,     /* the object has ended; no block is left of it */
	STATE_NOT_KNOWN, /* pointers were not all seen */
	STATE_REACHABLE, /* from a root */
	STATE_POSSIBLE,  /* only by pointers into its middle */
	STATE_LOST,
	STATE_GONE, /* lost, but no finding: see print_reason() */
};

static const char *const states[] = {
	"ended", "not-known", "reachable", "possible-leak", "lost", "gone",
};

/* The finding that has the block; NULL: none. */
static const struct finding *finding_of(const struct subject *s,
					const struct block_view *o)
{
	uint32_t owner = s->findings.owner && o->block != RKN_NONE
			     ? s->findings.owner[o->block]
			     : 0;

	return owner ? &s->findings.list[owner - 1] : NULL;
}

static enum state state_of(const struct subject *s, const struct block_view *o)
{
	const struct finding *f = finding_of(s, o);

	if (o->block == RKN_NONE)
		return STATE_ENDED;
	if (o->why || !s->findings.checked)
		return STATE_NOT_KNOWN;
	if (f && f->kind == FINDING_POSSIBLE)
		return STATE_POSSIBLE;
	if (o->reached)
		return STATE_REACHABLE;
	return f ? STATE_LOST : STATE_GONE;
}

static void print_reason(const struct printer *p, const struct subject *s,
			 const struct block_view *o)
{
	switch (state_of(s, o)) {
	case STATE_ENDED:
		fputs("has ended, and still holds references\n", p->out);
		return;
	case STATE_NOT_KNOWN:
		fprintf(p->out, "whether it is still in use is not known: %s\n",
			o->why ? o->why : s->findings.why);
		return;
	case STATE_REACHABLE:
		fputs(o->weakly ? "is reached by weak references only: "
				: "is alive: ",
		      p->out);
		if (o->path_count)
			fprintf(p->out, "%zu pointers lead to it, from ",
				o->path_count + 1);
		print_root_word(p, o->root);
		fputc('\n', p->out);
		return;
	case STATE_POSSIBLE:
		fputs("may be lost: only pointers into its middle lead to it\n",
		      p->out);
		return;
	case STATE_LOST:
		fputs("is lost: no chain of pointers leads to it from a root\n",
		      p->out);
		return;
	case STATE_GONE:
		fputs("is not reached from any root, and is in no finding: the "
		      "program's own suppressions cover it, or memory that it "
		      "unmapped at its end held it\n",
		      p->out);
		return;
	}
}

void why_text(const struct printer *p, const struct subject *s,
	      const struct block_view *o)
{
	const struct finding *f = finding_of(s, o);
	char count[UNITS_SIZE], size[UNITS_SIZE], *name;

	object_announce(p, o);
	name = o->object ? names_of(p->in->names, o->object)
			 : names_object(p->in->names, o->block);
	fprintf(p->out, "%s%s%s ", paint(p->colour, PAINT_STRONG), name,
		paint(p->colour, PAINT_PLAIN));
	free(name);
	print_reason(p, s, o);
	if (o->block != RKN_NONE && o->reached)
		object_path(p, o, "    ");
	if (o->object)
		object_declared(p, o);
	if (f)
		fprintf(
		    p->out,
		    "    finding #%zu has it: %s, %s, %s; more: refknot show %zu\n",
		    subject_number((size_t)(f - s->findings.list)),
		    finding_kinds[f->kind].noun,
		    units_count(count, f->objects + f->held_objects, "object"),
		    units_bytes(size, f->bytes + f->held_bytes),
		    subject_number((size_t)(f - s->findings.list)));
	if (o->block != RKN_NONE && !o->why && o->retained_objects > 1)
		fprintf(p->out, "    it retains %s, %s\n",
			units_count(count, o->retained_objects, "object"),
			units_bytes(size, o->retained_bytes));
}

void why_json(json_t *object, const struct subject *s,
	      const struct block_view *o)
{
	const struct finding *f = finding_of(s, o);

	document_text(object, "state", states[state_of(s, o)]);
	document_known(object, "finding", f,
		       f ? subject_number((size_t)(f - s->findings.list)) : 0);
}
