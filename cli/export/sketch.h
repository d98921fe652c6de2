/* SPDX-License-Identifier: MIT */
/*
 * A picture of who points at whom, small enough to be looked at: the types of a
 * heap, what is near one block, or the members of a finding.
 */
#ifndef SKETCH_H
#define SKETCH_H

#include "findings.h"

#define SKETCH_NEAR  50 /* most nodes near a block */
#define SKETCH_TYPES 60 /* most types */

enum sketch_look {
	SKETCH_PLAIN,
	SKETCH_ROOT, /* a variable, or another root */
	SKETCH_LOST, /* in a finding */
	SKETCH_MEANT /* what was asked for */
};

struct sketch_node {
	char *name; /* "struct session#3", "struct session" */
	uint64_t objects;
	uint64_t bytes;
	uint64_t address; /* 0: several */
	enum sketch_look look;
};

struct sketch_edge {
	uint32_t from, to; /* nodes */
	char *field;       /* ".peer"; NULL: several */
	uint64_t count;    /* pointers */
	bool weak;         /* all of them are */
};

struct sketch {
	struct sketch_node *nodes;
	size_t node_count;
	struct sketch_edge *edges;
	size_t edge_count;
	bool cut; /* there are more nodes */
};

/* Types by what their objects have, the most first, and pointers between them.
 * All three die when out of memory. */
void sketch_types(struct sketch *s, const struct reading *in);
/* Blocks around `block`, in both directions of pointers, the nearest first. */
void sketch_near(struct sketch *s, const struct reading *in, uint32_t block);
void sketch_finding(struct sketch *s, const struct reading *in,
		    const struct finding *f);
void sketch_release(struct sketch *s);

#endif
