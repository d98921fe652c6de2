/* SPDX-License-Identifier: MIT */
/*
 * How a finding differs from an accepted one, frame by frame, if their
 * signatures do: the cheapest path from one to the other.  It distinguishes
 * what builds change from what people change, and both from what may be
 * another leak:
 *
 * - Frames that only debug information has are not a difference if one side
 *   has none.
 *
 * - Other functions that such a side lacks come from builds.  So do functions
 *   that either side lacks, not at one place, if all lines of the others are
 *   equal in offset and text, or none is known and they are half of all.  So
 *   does another line of the same statement, and of a function that ended in a
 *   jump, as long as that has the accepted line.
 *
 * - An edit explains: a function more or less; a line with another offset and
 *   another text, if the accepted text is nowhere in the function any more;
 *   and a name that is nowhere else, on a line with the same text, if no
 *   source beside it has the old name any more.
 *
 * - All else is doubted; so is an additional function if the other side has
 *   another one in its place, whatever that side lacks.
 */
#ifndef LIKENESS_H
#define LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame_lines.h"
#include "sources.h"

/* What is known beside the two. */
struct likeness_evidence {
	const struct sources *sources; /* NULL: no source can be read */
	/* The functions of all findings, and of all that was accepted, in the
	 * order of strcmp. */
	const char **here, **there;
	size_t here_count, there_count;
};

enum likeness_kind {
	LIKENESS_PASSING,   /* only debug information has it */
	LIKENESS_UNSEEN,    /* a function that a compiler leaves out */
	LIKENESS_STATEMENT, /* another line of one statement */
	LIKENESS_JUMP,      /* another line of the calls that are one jump */
	LIKENESS_CUT,       /* perhaps: calls further out than are known */
	LIKENESS_CALL,      /* a function more or less */
	LIKENESS_LINE,
	LIKENESS_NAME,
	LIKENESS_OTHER, /* all of it */
};

/* One difference; a frame that is not there is NULL. */
struct likeness_step {
	enum likeness_kind kind;
	const struct frame_line *here, *there;
	bool doubted;
};

#define LIKENESS_STEPS   8
#define LIKENESS_EDIT    2 /* weight of one that an edit explains, */
#define LIKENESS_DOUBT   3 /* and of one that is doubted */
#define LIKENESS_STRANGE 1000

struct likeness {
	unsigned weight;  /* of all edits and doubts; LIKENESS_STRANGE: they are
			    not alike */
	unsigned builds;  /* differences by builds that a report names */
	unsigned passing; /* frames that are not a difference */
	unsigned lines;   /* how far the lines are from each other */
	bool placed;      /* what both have is known to be at the same lines */
	bool blind;       /* of `builds` some are so where no line says it */
	struct likeness_step steps[LIKENESS_STEPS]; /* the first, innermost
						       first; none passing */
	size_t step_count;                          /* of all */
};

/* Compares the two, which have their functions (frame_calls_known()). */
void likeness_make(struct likeness *l, const struct frame_lines *here,
		   const struct frame_lines *there,
		   const struct likeness_evidence *evidence);

/* Less is nearer. */
uint32_t likeness_rank(const struct likeness *l);

/* "yaml_malloc, the line in main() (+3 there, +9 here)", escaped, for the
 * caller to free; NULL: nothing to name. */
char *likeness_text(const struct likeness *l);

#endif
