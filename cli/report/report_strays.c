/* SPDX-License-Identifier: MIT */
/* The frees of what was not a live block. */
#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"
#include "paint.h"
#include "report_print.h"
#include "strays.h"
#include "units.h"

static void print_one(const struct printer *p, const struct rkn_free *f)
{
	char size[UNITS_SIZE];
	char *summary = stray_summary(f, p->in);
	char *shown = escape(summary), text[UNITS_SIZE];

	fprintf(p->out, "\n%s%s %s%s  %s%s", paint(p->colour, PAINT_STRONG),
		f->flags & RKN_FREE_FATAL ? "WRONG" : "SUSPECT",
		f->flags & RKN_FREE_MOVES ? "REALLOC" : "FREE",
		paint(p->colour, PAINT_PLAIN), shown,
		f->count > 1 ? ", " : "\n");
	if (f->count > 1)
		fprintf(p->out, "%s\n", units_count(text, f->count, "time"));
	free(shown);
	free(summary);
	fprintf(p->out, "    0x%" PRIx64, f->address);
	if (f->made_stack)
		fprintf(p->out, ", block of %s", units_bytes(size, f->size));
	/* How sure it is. */
	fprintf(
	    p->out, "; %s:\n",
	    f->flags & RKN_FREE_FATAL ? "the process ended in this call"
	    : f->kind == RKN_FREE_INSIDE
		? "unless that was freed before by a way that cannot be seen"
		: "unless its memory was handed out in between by a way that cannot be seen");
	print_stack(p, f->stack, false);
	if (f->freed_stack)
		print_place(p, "    ", "the block was freed before by",
			    f->freed_stack);
	if (f->made_stack) {
		fputs("    the block was allocated at:\n", p->out);
		print_stack(p, f->made_stack, false);
	}
}

void print_stray(const struct printer *p)
{
	for (size_t i = 0; i < p->in->m->free_count; i++)
		if (stray_is_told(&p->in->m->frees[i], p->in->m))
			print_one(p, &p->in->m->frees[i]);
}
