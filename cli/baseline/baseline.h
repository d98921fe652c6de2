/* SPDX-License-Identifier: MIT */
/*
 * The findings that a project has accepted: a text file in its repository, one
 * line a finding, sorted, so that merging two is a sort:
 *
 *   # refknot baseline 1: accepted findings; see refknot-check(1)
 * 0e5aeced499d6926 leak count=3 bytes=96 lines=+3:1a2b,+9:0c4d calls=parse<main
 * parse x.c  # why
 *
 * A signature says which functions, "lines=" where in them; without it (older
 * files have none, and programs without debug information) any lines are meant.
 * "takers=" has those whose references are left (takers.h).
 * "calls=" has the functions themselves, and "type=" that of an object of
 * refknot.h, for findings whose signature is another: see baseline_kin.h.
 */
#ifndef BASELINE_H
#define BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "issue.h"

#define BASELINE_GROWTH "growth" /* the kind of an entry of a region's */

/* What grows in a region, see growth.h; its entry is
 *   0e5aeced499d6926 growth count=12 bytes=768 passes=6 request Session server
 */
struct baseline_growth {
	char signature[17];
	char *text; /* "request Session server": for people */
	uint64_t objects, bytes, passes;
	const struct baseline_entry *entry; /* NULL: there is none */
	bool accepted; /* there is, and it is not clearly more */
};

struct baseline_entry {
	char *signature; /* ".2" behind it is only a name; see
			    baseline_apply() */
	char *kind;      /* as finding_kinds has it */
	uint64_t count, bytes;
	uint64_t held;   /* of the bytes: what it only held */
	uint64_t passes; /* of growth, in which so many were left */
	struct frame_lines lines;
	char *type;           /* of objects of refknot.h; NULL: it is of none */
	struct takers takers; /* whose references may be left */
	char *comment;        /* the text behind the last #; NULL: none */
	bool seen;            /* there is such a finding now */
	bool accepts;         /* one that is not suppressed */
	struct issue *pair;   /* scratch of baseline_apply, */
	size_t at;            /* and its place in the list */
	unsigned line;        /* in the file */
	char *text;           /* "session_open server.c": for people */
};

struct baseline {
	char *path;
	struct baseline_entry *list; /* ascending signature */
	size_t count;
	/* What grows now, in all processes, if that was asked for. */
	bool growth_asked;
	const struct baseline_growth *growth;
	size_t growth_count;
	bool any_taker; /* accept what is found, whichever function took it */
};

/*
 * Read `path`; no such file is an empty baseline where `may_lack`. Dies with
 * file and line when it cannot be read or understood. Of entries with the same
 * signature and, as far as they say, lines, as a merge leaves them, one is left
 * with the larger numbers.
 */
void baseline_read(struct baseline *b, const char *path, bool may_lack);
/* The same from `text`; false if it is wrong: `error` (of `size` bytes) says
 * why. */
bool baseline_parse(struct baseline *b, const char *path, const char *text,
		    char *error, size_t size);
void baseline_release(struct baseline *b);

/*
 * Finds for each issue the entry that accepts it: with the same functions, line
 * by line with the same offset or text, and without takers that the entry does
 * not have; then, of what is left over on both sides, as baseline_kin.h says.
 * An entry accepts one issue, whatever follows the "." in their signatures:
 * equal ones go first, then as many as possible, in the nearest way. Sets
 * signature, entry, `other` and `differs` of issues, their state if they are
 * not suppressed, and what is seen. `b` NULL: there is no baseline.
 */
void baseline_apply(struct baseline *b, struct issues *list);

/* After baseline_apply(): sets entry and accepted of each, and what is seen.
 * `list` must outlive `b`. If growth was not asked for, its entries stay. */
void baseline_apply_growth(struct baseline *b, struct baseline_growth *list,
			   size_t count, bool asked);

/* What writing the file anew does to it. */
struct baseline_changes {
	size_t added, kept, removed;
	size_t stale; /* of the kept: they were not found */
	size_t moved; /* of the kept: they are written anew, as they differed */
};

/*
 * Replaces the file by one of the issues, which baseline_apply() has seen, that
 * are not suppressed; with `keep_stale` also by entries that accept none of
 * them. Comments stay. A `program_status` other than 0 is said in a comment. 0
 * or -errno; then the file is as it was.
 */
int baseline_write(const struct baseline *b, const struct issues *list,
		   bool keep_stale, int program_status,
		   struct baseline_changes *changes);

#endif
