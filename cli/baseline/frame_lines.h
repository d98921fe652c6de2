/* SPDX-License-Identifier: MIT */
/*
 * Where in their functions the calls of a finding are, to distinguish a new
 * finding from an accepted one of the same functions.  For each frame that its
 * signature counts (signature_frames.h): how many lines below the beginning of
 * its function it is, and a hash of the source there (source_text.h).  One of
 * them stays when lines move or change, so one is enough; what is not known is
 * not a difference.  As a baseline has it:
 *
 *   lines=+3:1a2b,+10:9f3e,?,+2,@5be1c03d
 *
 * If the source has nothing there that could be called (source_text.h), a
 * compiler gave that line to several calls that it made one: it counts as not
 * known.
 *
 * A function without a name is known by its place in its module, which says
 * nothing about another build: "@5be1c03d" is a hash of both, and must be
 * equal. For libraries of the system, which are updated, that matters only up
 * to the first function that has a name and does not allocate for others.
 *
 * A baseline also has the functions themselves, by which likeness.h recognises
 * a finding with another signature: see frame_calls.h.
 */
#ifndef FRAME_LINES_H
#define FRAME_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "findings.h"
#include "sources.h"

#define FRAME_LINES_MOST   32 /* frames of a stack, the innermost */
#define FRAME_LINES_STACKS 4  /* of a cycle */

struct frame_line {
	bool placed, read; /* offset and text are known */
	bool coded;        /* a function without a name; then neither is */
	int offset;        /* lines, from the function's first one */
	uint16_t text;     /* hash */
	uint32_t code;     /* hash of build and place; 0: not known, and like no
			      other */
	/* "parse", as the signature has it; "[libfoo]": a function of it
	 * without a name; NULL: an older file does not say. */
	char *call;
	bool passing;   /* only debug information has this frame */
	bool jumped;    /* it ended in a jump (struct location, tail_call) */
	bool outermost; /* of its stack, */
	bool cut;       /* or the last one that is known */
	/* Not in a baseline: */
	unsigned line;     /* 0: not known; coded: hash of its place */
	char *function;    /* NULL: not known; coded: "libfoo.so+0x12" */
	char *path;        /* file of the line; NULL: not known */
	unsigned declared; /* line at which the function begins; 0: likewise */
};

struct frame_lines {
	struct frame_line *list; /* innermost frame first; of a cycle, stack
				    after stack */
	size_t count;            /* 0: nothing is known */
};

void frame_lines_make(struct frame_lines *l, const struct finding *f,
		      const struct reading *in, const struct sources *sources);
void frame_lines_release(struct frame_lines *l);

/* From "+3:1a2b,?"; false: that is something else, and there is nothing to release. */
bool frame_lines_parse(struct frame_lines *l, const char *text);
/* Likewise. At least one frame. */
void frame_lines_print(FILE *out, const struct frame_lines *l);

/* Whether a baseline says anything of them. */
bool frame_lines_known(const struct frame_lines *l);
/* Whether every frame's line is known. */
bool frame_lines_all_known(const struct frame_lines *l);
/* Whether they are the same as far as both are known; one run's own. */
bool frame_lines_equal(const struct frame_lines *a,
		       const struct frame_lines *b);

#define FRAME_LINES_OTHER UINT32_MAX

/* How far one frame is from another, only by lines: from 0 to 3, or
 * FRAME_LINES_OTHER. */
uint32_t frame_line_distance(const struct frame_line *a,
			     const struct frame_line *b);

/* How far they are from each other: 0 if all is equal, and FRAME_LINES_OTHER if
 * a frame has both another offset and another text, or other code. */
uint32_t frame_lines_distance(const struct frame_lines *a,
			      const struct frame_lines *b);

/* How many frames have other lines, or other code. */
size_t frame_lines_differing(const struct frame_lines *a,
			     const struct frame_lines *b);

/* "parse() +3 there, +9 here": the innermost frame that differs; NULL: none
 * can be named. `here` has functions. The caller frees it. */
char *frame_lines_difference(const struct frame_lines *here,
			     const struct frame_lines *there);
/* "libfoo.so+0x12 has no name, and ...": where that is the difference; NULL. */
char *frame_lines_unnamed(const struct frame_lines *here,
			  const struct frame_lines *there);

#endif
