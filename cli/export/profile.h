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
#include "texts.h"

/* clang-format off */
/*
 * What each call stack has, by its enumerator, its name for people, a title, the
 * name that pprof's readers know it by, and whether it is bytes. Rows come in
 * pairs: bytes, and the number of what has them.
 */
#define PROFILE_KINDS(ROW) \
	ROW(LIVE_BYTES, "live-bytes", "alive at the end, bytes", \
	    "inuse_space", true) \
	ROW(LIVE_BLOCKS, "live-blocks", "alive at the end, blocks", \
	    "inuse_objects", false) \
	ROW(PEAK_BYTES, "peak-bytes", "alive at the peak, bytes", \
	    "peak_space", true) \
	ROW(PEAK_BLOCKS, "peak-blocks", "alive at the peak, blocks", \
	    "peak_objects", false) \
	ROW(ALLOCATED_BYTES, "allocated-bytes", "allocated in the whole run, bytes", \
	    "alloc_space", true) \
	ROW(ALLOCATIONS, "allocations", "allocated in the whole run, blocks", \
	    "alloc_objects", false) \
	/* freed before another was handed out: see lives.h */ \
	ROW(TEMPORARY_BYTES, "temporary-bytes", "temporary by samples, bytes", \
	    "temporary_space", true) \
	ROW(TEMPORARY_BLOCKS, "temporary-blocks", \
	    "temporary by samples, blocks", "temporary_objects", false) \
	/* of findings that lose something, with what they hold */ \
	ROW(LEAKED_BYTES, "leaked-bytes", "leaked, bytes", \
	    "leaked_space", true) \
	ROW(LEAKED_BLOCKS, "leaked-blocks", "leaked, blocks", \
	    "leaked_objects", false)
/* clang-format on */
#define PROFILE_ENUM(kind, ...)     PROFILE_##kind,
#define PROFILE_OR(kind, name, ...) " " name
/* " live-bytes live-blocks ..." */
#define PROFILE_NAMES PROFILE_KINDS(PROFILE_OR)

enum profile_value { PROFILE_KINDS(PROFILE_ENUM) PROFILE_VALUES };

struct profile_kind {
	const char *name;
	const char *title;
	const char *pprof;
	bool bytes;
};
extern const struct profile_kind profile_kinds[PROFILE_VALUES];

/* Of a pair, the bytes; blocks are the next. */
static inline enum profile_value profile_bytes(enum profile_value value)
{
	return value & ~1u;
}

struct profile_frame {
	char *name;       /* "parse", "libfoo.so+0x12"; texts are escaped */
	const char *file; /* path; NULL: not known */
	unsigned line;
	const char *module; /* path; NULL: in none */
	uint32_t mapping;   /* index into the model's modules; RKN_NONE */
	uint64_t address;   /* of one of its calls; 0: not known */
	bool library;       /* see struct location */
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
	uint32_t *of;   /* per stack of the model: its stack here; RKN_NONE: it
			   has no values */
	struct texts paths; /* of files and modules */
};

/* `f` NULL: what leaked is not asked for. Texts live as long as `in`. Dies when
 * out of memory. */
void profile_make(struct profile *p, const struct reading *in,
		  const struct findings *f);
void profile_release(struct profile *p);

/* Whether `f`, which checked, says that the block is lost: what leaked-bytes
 * counts. */
bool profile_is_leaked(const struct findings *f, size_t block);

static inline bool profile_knows(const struct profile *p, unsigned value)
{
	return p->known & 1u << value;
}

/* "0x55d0c8a2: parse (parse.c:40)", as Valgrind's tools have frames. The caller
 * frees it. */
char *profile_frame_text(const struct profile_frame *f);

/* The sum of a value over all stacks. */
uint64_t profile_sum(const struct profile *p, enum profile_value value);

/*
 * The same as a tree: node 0 is the root; a node's parent has a smaller index.
 * value[] is of stacks that end there.
 */
struct profile_node {
	uint32_t frame; /* of the root: RKN_NONE */
	uint32_t parent;
	uint64_t value[PROFILE_VALUES];
};
struct profile_tree {
	struct profile_node *nodes;
	size_t count;
	/* Per node: its first child, and the next one of its parent; 0: there is
	 * none, for the root is nobody's child. */
	uint32_t *child, *next;
	uint32_t *of; /* per stack of the profile: its node */
};
void profile_tree_make(struct profile_tree *t, const struct profile *p);
/* With the innermost frames at the root. */
void profile_tree_make_inverted(struct profile_tree *t,
				const struct profile *p);
void profile_tree_release(struct profile_tree *t);

/* Per node: `value` of it and of all below it. The caller frees it. */
uint64_t *profile_tree_sums(const struct profile_tree *t,
			    enum profile_value value);

/* Adds to each node of `sums` what those below it have. */
void profile_tree_add_up(const struct profile_tree *t, uint64_t *sums);

/*
 * Where a walk over the nodes with any of `sums` goes: from the root down to the
 * first child, else to the next of the same parent, else up. `visit` is called
 * for each node twice, before those below it and after them; `more`: another of
 * its parent was visited before.
 */
typedef void profile_tree_visit(uint32_t node, bool begins, bool more,
				void *data);
void profile_tree_walk(const struct profile_tree *t, const uint64_t *sums,
		       profile_tree_visit *visit, void *data);

#endif
