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

struct tree {
	struct rkn_frame *frames; /* room for all of the store's */
	uint32_t count;
	uint32_t *slots; /* open addressing, by contents; 0: free */
	uint32_t mask;
};

static uint64_t hash(const struct rkn_frame *f)
{
	uint64_t h = (f->address ^ (uint64_t)f->parent << 32 ^ f->module) *
		     0x9e3779b97f4a7c15u;

	return h ^ h >> 32;
}

/* The number of a frame like `f`, which is added if there is none. */
static uint32_t add(struct tree *t, const struct rkn_frame *f)
{
	uint32_t *slot = &t->slots[hash(f) & t->mask];

	while (*slot && memcmp(&t->frames[*slot], f, sizeof(*f)) != 0)
		slot = &t->slots[(uint32_t)(slot - t->slots + 1) & t->mask];
	if (!*slot) {
		*slot = t->count++;
		t->frames[*slot] = *f;
	}
	return *slot;
}

/* Index 0 of the store's modules is not used: the recording's begin with 1. */
static uint32_t module_of(const struct store_file *s, uint32_t module)
{
	return module && module <= s->parts.of[RKN_CHUNK_MODULES].count
		   ? module - 1
		   : RKN_NONE;
}

static void fill(struct store_file *s, struct tree *t,
		 const struct store_frame *from)
{
	t->count = 1;
	for (uint32_t i = 1; i < s->frame_count; i++) {
		struct rkn_frame f = {
			.address = from[i].address & ~STORE_FRAME_GONE,
			.module = module_of(s, from[i].module),
		};

		if (!f.address)
			continue;
		if (from[i].parent < i)
			f.parent = s->frames[from[i].parent];
		s->frames[i] = add(t, &f);
	}
}

static int make(struct store_file *s, const struct store_frame *from)
{
	struct tree t = { .mask = 1 };
	size_t count = s->frame_count + 1;

	while (t.mask < 2 * count)
		t.mask = 2 * t.mask + 1;
	t.frames = calloc(count, sizeof(*t.frames));
	t.slots = calloc((size_t)t.mask + 1, sizeof(*t.slots));
	s->frames = calloc(count, sizeof(*s->frames));
	if (!t.frames || !t.slots || !s->frames) {
		free(t.frames);
		free(t.slots);
		return model_error(s->m, -ENOMEM,
				   "out of memory for %zu frames", count);
	}
	fill(s, &t, from);
	free(t.slots);
	s->parts.of[RKN_CHUNK_FRAMES] = (struct part){
		.records = t.frames,
		.count = t.count,
		.capacity = count,
	};
	return 0;
}

int store_frames(struct store_file *s)
{
	void *from;
	int error =
	    store_file_table(s, STORE_FRAMES, sizeof(struct store_frame), &from,
			     &s->frame_count);

	if (error)
		return error;
	if (s->frame_count >= UINT32_MAX / 4)
		error = model_error(s->m, -EBADMSG, "%zu frames are too many",
				    s->frame_count);
	if (!error)
		error = make(s, from);
	free(from);
	return error;
}
