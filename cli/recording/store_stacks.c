/* SPDX-License-Identifier: MIT */
/*
 * The call stacks out of a store.  The shim keeps more frames than were asked
 * for, so that it need not move them all at each call; here each stack gets the
 * depth that was asked for, and those that do not differ any more become one.
 */
#include <errno.h>
#include <stdlib.h>

#include "recording.h"
#include "store_file.h"

/* Stacks with too many frames get fewer. */
static int trim(struct store_file *s, struct rkn_stack *stacks)
{
	for (uint32_t i = 1; i < s->stack_count; i++) {
		uint32_t frame =
		    store_frames_innermost(s, stacks[i].frame, s->h.depth);

		if (frame == RKN_NONE)
			return -ENOMEM;
		if (frame == stacks[i].frame)
			continue;
		if (!stacks[i].flags)
			stacks[i].flags = RKN_STACK_TRUNCATED |
					  RKN_STACK_DEEPER |
					  STORE_STACK_TRIMMED;
		stacks[i].frame = frame;
		s->stacks[i] = 0;
	}
	return 0;
}

static int make(struct store_file *s, const struct store_stack *from)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_STACKS];
	struct rkn_stack *to;
	uint32_t *first;

	s->stacks = calloc(s->stack_count, sizeof(*s->stacks));
	if (!s->stacks || chunk_array_grow(part, sizeof(*to), s->stack_count))
		return -ENOMEM;
	to = part->records;
	part->count = s->stack_count;
	for (uint32_t i = 0; i < s->stack_count; i++) {
		s->stacks[i] = i;
		to[i] = (struct rkn_stack){
			.frame = from[i].frame < s->tree.count
				     ? s->tree.frames[from[i].frame]
				     : 0,
			.flags = from[i].flags & RKN_STACK_TRUNCATED,
		};
	}
	if (!s->h.depth || s->h.depth > STORE_DEPTH_MOST)
		return 0;
	if (trim(s, to))
		return -ENOMEM;
	/* Stacks that became alike become the first of them. */
	first = calloc(s->parts.of[RKN_CHUNK_FRAMES].count + 1, sizeof(*first));
	if (!first)
		return -ENOMEM;
	for (uint32_t i = 1; i < s->stack_count; i++) {
		uint32_t frame = to[i].frame;

		if (s->stacks[i])
			continue;
		if (!first[frame])
			first[frame] = i;
		s->stacks[i] = first[frame];
	}
	free(first);
	return 0;
}

int store_stacks(struct store_file *s)
{
	void *from;
	int error =
	    store_file_table(s, STORE_STACKS, sizeof(struct store_stack), &from,
			     &s->stack_count);

	if (error || !s->stack_count)
		return error;
	error = make(s, from);
	free(from);
	return error ? model_error(s->m, error, "out of memory for %zu stacks",
				   s->stack_count)
		     : 0;
}
