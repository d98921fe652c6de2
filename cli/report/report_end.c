/* SPDX-License-Identifier: MIT */
/* How the process ended, where that was no exit. */
#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"
#include "paint.h"
#include "report_print.h"
#include "strays.h"
#include "units.h"

void print_end(const struct printer *p)
{
	const struct rkn_meta *meta = &p->m->meta;
	const char *name = units_signal(meta->end_value);

	if (meta->end == RKN_END_SIGNAL)
		fprintf(p->out, "signal %" PRId32 " (%s) ended the process\n",
			meta->end_value, name);
}

/* How sure it is. */
static const char *reserve(const struct rkn_free *f)
{
	if (f->flags & RKN_FREE_FATAL)
		return "the process ended in this call";
	return f->kind == RKN_FREE_INSIDE
		   ? "unless that was freed before by a way that cannot be seen"
		   : "unless its memory was handed out in between by a way that cannot be seen";
}

static void print_one(const struct printer *p, const struct rkn_free *f)
{
	char size[UNITS_SIZE];
	char *summary = stray_summary(f, p->m, p->symbols);
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
	fprintf(p->out, "; %s:\n", reserve(f));
	print_stack(p, f->stack, false);
	if (f->freed_stack) {
		char *origin = print_origin(p, f->freed_stack);

		fprintf(p->out, "    the block was freed before by %s\n",
			origin);
		free(origin);
	}
	if (f->made_stack) {
		fputs("    the block was allocated at:\n", p->out);
		print_stack(p, f->made_stack, false);
	}
}

void print_stray(const struct printer *p)
{
	for (size_t i = 0; i < p->m->free_count; i++)
		if (stray_is_told(&p->m->frees[i], p->m))
			print_one(p, &p->m->frees[i]);
}
