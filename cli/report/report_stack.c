/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "die.h"
#include "place.h"
#include "report_print.h"
#include "walk.h"

#define MOST_FRAMES 30 /* lines of one stack */

int report_full;

/* Whether anything is left of the stack without the standard library. */
static bool has_own_code(const struct printer *p, uint32_t stack)
{
	const struct location *l;
	struct walk w;

	walk_begin(&w, p->in->m, p->in->symbols, stack);
	while ((l = walk_next(&w)))
		if (!l->library && !place_is_of_libc(l) && !place_is_start(l))
			return true;
	return false;
}

/* `count` frames of the library, of which `l` is the last. */
static void print_folded(const struct printer *p, const struct location *l,
			 unsigned number, unsigned count, bool columns)
{
	char *text = columns ? place_text_column(l) : place_text(l);

	if (count > 1)
		fprintf(p->out, "    ... %u frames of the standard library\n",
			count);
	else if (count)
		fprintf(p->out, "    #%-2u %s\n", number, text);
	free(text);
}

void print_stack(const struct printer *p, uint32_t stack, bool columns)
{
	const struct rkn_stack *s = &p->in->m->stacks[stack];
	bool fold = !report_full && has_own_code(p, stack);
	const struct location *l, *last = NULL;
	unsigned number = 0, lines = 0, folded = 0;
	struct walk w;

	if (!s->frame)
		fprintf(p->out, "    (call stack not known)\n");
	walk_begin(&w, p->in->m, p->in->symbols, stack);
	while ((l = walk_next(&w)) && (lines < MOST_FRAMES || report_full)) {
		char *text;

		if (fold && l->library) {
			lines += !folded++;
			number++;
			last = l;
			continue;
		}
		if (folded)
			print_folded(p, last, number - 1, folded, columns);
		folded = 0;
		text = columns ? place_text_column(l) : place_text(l);
		fprintf(p->out, "    #%-2u %s\n", number++, text);
		lines++;
		free(text);
	}
	if (folded)
		print_folded(p, last, number - 1, folded, columns);
	if (l)
		fprintf(p->out, "    ... omitting the outer frames\n");
	else if (s->flags & RKN_STACK_DEEPER)
		fprintf(p->out, "    ... deeper than the recorded depth\n");
	else if (s->flags & RKN_STACK_TRUNCATED)
		fprintf(p->out, "    ... the outer frames were not recorded\n");
}

const struct location *print_caller(const struct printer *p, uint32_t stack,
				    const struct location *l)
{
	const struct location *here;
	struct walk w;

	walk_begin(&w, p->in->m, p->in->symbols, stack);
	while ((here = walk_next(&w)))
		if (here == l)
			return walk_next(&w);
	return NULL;
}

char *print_origin(const struct printer *p, uint32_t stack)
{
	const struct location *l = block_types_place(p->in->types, stack);
	const struct location *caller = l ? print_caller(p, stack, l) : NULL;
	char *place, *outer, *text;

	if (!l)
		return xstrdup("a place that is not known");
	place = place_text(l);
	if (!caller)
		return place;
	outer = place_text(caller);
	text = xasprintf("%s, called by %s", place, outer);
	free(place);
	free(outer);
	return text;
}

void print_place(const struct printer *p, const char *indent, const char *what,
		 uint32_t stack)
{
	char *origin = print_origin(p, stack);

	fprintf(p->out, "%s%s %s\n", indent, what, origin);
	free(origin);
}

#define MOST_CALLERS 8 /* lines of one place */

void print_outer(const struct printer *p, uint32_t stack, const char *indent)
{
	const struct location *l = block_types_place(p->in->types, stack);
	unsigned lines = 0;

	l = l ? print_caller(p, stack, l) : NULL;
	while (l && (l = print_caller(p, stack, l)) && !place_is_start(l)) {
		char *text = place_text(l);

		fprintf(p->out, "%s      called by %s\n", indent, text);
		free(text);
		if (++lines == MOST_CALLERS) {
			fprintf(p->out, "%s      ...\n", indent);
			break;
		}
	}
}
