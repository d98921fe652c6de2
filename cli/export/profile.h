/* SPDX-License-Identifier: MIT */
/*
 * A recording as a profile: call stacks, each with numbers.  What the formats
 * that know stacks are written from.
 *
 * A frame is a function at a line of a file, as reports show it; stacks of the
 * same frames are one.  Values are of the stack itself, not of what it calls.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "findings.h"

enum profile_value {
	PROFILE_LIVE_BYTES, /* at the end */
	PROFILE_LIVE_BLOCKS,
	PROFILE_ALLOCATED_BYTES, /* in the whole run */
	PROFILE_ALLOCATIONS,
	PROFILE_LEAKED_BYTES, /* of findings, with what they hold */
	PROFILE_LEAKED_BLOCKS,
	PROFILE_VALUES
};

struct profile_kind {
	const char *name;  /* "live-bytes" */
	const char *title; /* "alive at the end, bytes" */
	const char *pprof; /* "inuse_space": what that format's readers expect */
	bool bytes;	   /* else blocks */
};
extern const struct profile_kind profile_kinds[PROFILE_VALUES];

struct profile_frame {
	char *name; /* "parse", "libfoo.so+0x12"; control characters escaped */
	char *file; /* path; NULL: not known */
	unsigned line;
	const char *module; /* path; NULL: in none */
	uint64_t offset;    /* of one of its calls in the module; bytes */
	bool library;	    /* see struct location */
};

struct profile_stack {
	size_t first; /* its frames are path[first .. first + count), the
			 innermost first */
	size_t count;
	uint64_t value[PROFILE_VALUES];
};

struct profile {
	struct profile_frame *frames;
	size_t frame_count;
	uint32_t *path; /* indices of frames */
	size_t path_count;
	struct profile_stack *stacks;
	size_t stack_count;
	unsigned known; /* bit 1 << value: it is known */
	uint32_t *of;	/* per stack of the model: its stack here; RKN_NONE: it
			   has no values */
};

/* `f` NULL: what leaked is not asked for. Texts live as long as `in`. Dies when
 * out of memory. */
void profile_make(struct profile *p, const struct reading *in,
		  const struct findings *f);
void profile_release(struct profile *p);

static inline bool profile_knows(const struct profile *p, unsigned value)
{
	return p->known & 1u << value;
}

/* The sum of a value over all stacks. */
uint64_t profile_sum(const struct profile *p, enum profile_value value);

/*
 * The same as a tree: node 0 is the root; a node's parent has a smaller index.
 * value[] is of stacks that end there.
 */
struct profile_node {
	uint32_t frame;	 /* of the root: RKN_NONE */
	uint32_t parent;
	uint64_t value[PROFILE_VALUES];
};
struct profile_tree {
	struct profile_node *nodes;
	size_t count;
	uint32_t *of; /* per stack of the profile: its node */
};
void profile_tree_make(struct profile_tree *t, const struct profile *p);
void profile_tree_release(struct profile_tree *t);

#endif
