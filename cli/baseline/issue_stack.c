/* SPDX-License-Identifier: MIT */
#include "issue_stack.h"

#include <stdlib.h>

#include "die.h"
#include "list.h"
#include "place.h"
#include "sources.h"
#include "walk.h"

#define MOST_FRAMES 100

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

struct issue_stack issue_stack_make(const struct reading *in, const char *what,
				    uint32_t stack)
{
	struct issue_stack made = { .what = what };
	const struct location *l;
	struct walk w;

	walk_begin(&w, in->m, in->symbols, stack);
	while (made.count < MOST_FRAMES && (l = walk_next(&w)))
		*LIST_ADD(made.frames, made.count) = (struct issue_frame){
			.function =
			    l->shown ? xstrdup(l->shown) : place_function(l),
			.symbol = copy(l->function),
			.full = l->full == l->shown ? NULL : copy(l->full),
			.library = l->library,
			.allocates = place_allocates(l),
			.file = sources_straight(place_path(l)),
			.line = l->line,
			.module = copy(l->module),
			.address = in->m->frames[w.frame].address,
			.inlined = l->inlined,
			.tail_call = l->tail_call,
		};
	return made;
}

void issue_stack_release(struct issue_stack *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->frames[i].function);
		free(s->frames[i].symbol);
		free(s->frames[i].full);
		free(s->frames[i].file);
		free(s->frames[i].module);
	}
	free(s->frames);
}

size_t issue_stack_blame(const struct issue_stack *s,
			 const struct sources *sources, char **path)
{
	size_t plain = s->count, within = s->count;

	*path = NULL;
	for (size_t n = 0; n < s->count; n++) {
		const struct issue_frame *f = &s->frames[n];
		bool wrapper = f->allocates;
		char *here = f->line ? sources_within(sources, f->file) : NULL;

		if (!wrapper && plain == s->count)
			plain = n;
		if (here && (!wrapper || !*path)) {
			free(*path);
			*path = here;
			within = n;
			if (!wrapper)
				break;
		} else {
			free(here);
		}
	}
	return within < s->count ? within : plain < s->count ? plain : 0;
}

const struct issue_frame *issue_stack_place(const struct issue_stack *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->frames[i].file && s->frames[i].line &&
		    !s->frames[i].allocates)
			return &s->frames[i];
	return s->count ? s->frames : NULL;
}
