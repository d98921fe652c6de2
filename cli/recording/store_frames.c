/* SPDX-License-Identifier: MIT */
/*
 * The tree of call stacks out of a store.  It was built without locks: it may
 * have holes, and threads that raced may have added the same frame twice.
 * Children come after their parents there, so one pass does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "store_file.h"

/* Where a frame like `f` is in the table, or is to be. */
static uint32_t *place(const struct store_tree *t,
		       const struct rkn_frame *frames,
		       const struct rkn_frame *f)
{
	uint64_t h = (f->address ^ (uint64_t)f->parent << 32 ^ f->module) *
		     0x9e3779b97f4a7c15u;
	uint32_t *slot = &t->slots[(h ^ h >> 32) & t->mask];

	while (*slot && memcmp(&frames[*slot], f, sizeof(*f)) != 0)
		slot = &t->slots[(uint32_t)(slot - t->slots + 1) & t->mask];
	return slot;
}

/* A table with room for `count` frames, and those that there are, in it. */
static int make_room(struct store_tree *t, const struct chunk_array *part,
		     size_t count)
{
	const struct rkn_frame *frames = part->records;

	if (t->slots && count <= t->mask / 2)
		return 0;
	while (t->mask < 4 * count)
		t->mask = 2 * t->mask + 1;
	free(t->slots);
	t->slots = calloc((size_t)t->mask + 1, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	for (uint32_t i = 1; i < part->count; i++)
		*place(t, frames, &frames[i]) = i;
	return 0;
}

/* The number of a frame like `f`, which is added if there is none; 0: no
 * memory. */
static uint32_t add(struct store_file *s, const struct rkn_frame *f)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_FRAMES];
	struct rkn_frame *frames;
	uint32_t *slot;

	if (part->count >= UINT32_MAX / 4 ||
	    chunk_array_grow(part, sizeof(*f), 1) ||
	    make_room(&s->tree, part, part->count + 1))
		return 0;
	frames = part->records;
	slot = place(&s->tree, frames, f);
	if (!*slot) {
		*slot = (uint32_t)part->count++;
		frames[*slot] = *f;
	}
	return *slot;
}

static int fill(struct store_file *s, const struct store_frame *from)
{
	size_t modules = s->parts.of[RKN_CHUNK_MODULES].count;

	for (uint32_t i = 1; i < s->tree.count; i++) {
		/* Index 0 of the store's modules is not used: the recording's
		 * begin with 1. */
		struct rkn_frame f = {
			.address = from[i].address & ~STORE_FRAME_GONE,
			.module = from[i].module && from[i].module <= modules
				      ? from[i].module - 1
				      : RKN_NONE,
		};

		if (!f.address)
			continue;
		if (from[i].parent < i)
			f.parent = s->tree.frames[from[i].parent];
		s->tree.frames[i] = add(s, &f);
		if (!s->tree.frames[i])
			return -ENOMEM;
	}
	return 0;
}

int store_frames(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_FRAMES];
	void *from;
	int error = store_file_table(
	    s, STORE_FRAMES, sizeof(struct store_frame), &from, &s->tree.count);
	size_t count = s->tree.count + 1;

	if (error)
		return error;
	if (s->tree.count >= UINT32_MAX / 4) {
		free(from);
		return model_error(s->m, -EBADMSG, "%zu frames are too many",
				   s->tree.count);
	}
	error = chunk_array_grow(part, sizeof(struct rkn_frame), count);
	if (!error) {
		*(struct rkn_frame *)part->records = (struct rkn_frame){ 0 };
		part->count = 1;
		error = make_room(&s->tree, part, count);
	}
	s->tree.frames = calloc(count, sizeof(*s->tree.frames));
	if (!error)
		error = s->tree.frames ? fill(s, from) : -ENOMEM;
	if (error)
		model_error(s->m, error, "out of memory for %zu frames", count);
	free(from);
	return error;
}

uint32_t store_frames_innermost(struct store_file *s, uint32_t frame,
				uint32_t depth)
{
	const struct rkn_frame *frames = s->parts.of[RKN_CHUNK_FRAMES].records;
	struct rkn_frame path[STORE_DEPTH_MOST];
	uint32_t n = 0, at = frame, parent = 0;

	for (; at && n < depth; at = frames[at].parent)
		path[n++] = frames[at];
	if (!at)
		return frame;
	while (n-- > 0) {
		path[n].parent = parent;
		parent = add(s, &path[n]);
		if (!parent)
			return RKN_NONE;
	}
	return parent;
}
