/* SPDX-License-Identifier: MIT */
/*
 * --brief: the answer in at most 4 KiB, for people in a hurry, scripts and coding
 * agents. One fact a line, the worst first, no drawing and no colour:
 *
 *     verdict: 2 findings, 1.1 KiB lost, complete
 *     1 orphaned-cycle 3x 1.1 KiB struct session <-> struct connection;
 *       orphaned_cycle.c:45,57; clear or weaken connection.session   (one line)
 *     2 leak 40 B struct item; parse.c:88 in parse_header
 *     next: refknot show app.4711.rkn 1
 */
#ifndef BRIEF_H
#define BRIEF_H

#include <stdbool.h>
#include <stdio.h>

#include "report_print.h"
#include "verdict.h"
#include "wishes.h"

#define BRIEF_BYTES 4096 /* of a whole answer, at most */

/* --brief was given: report_text() prints no more than brief_print(). */
extern int brief_wanted;

/*
 * Prints findings of o->kinds, o->limit at most, as many as fit, then how many are
 * left, and one command. Announces what it names. Dies when out of memory.
 */
void brief_print(const struct printer *p, const struct findings *f,
		 const struct verdict *v, const struct report_options *o,
		 const struct wishes *wishes);

/* --- The form, for others that answer so ------------------------------------------- */

struct brief {
	FILE *out;
	size_t room; /* bytes that lines may still take */
};

void brief_begin(struct brief *b, FILE *out);
/* Prints one line, with control characters escaped; one that is longer than 240
 * bytes ends with "...". Takes `text`. False: there was no room, and nothing is
 * printed. */
bool brief_add(struct brief *b, char *text);
/* Prints "and 3 more", if `more` is not 0, and "next: COMMAND" (NULL: not that).
 * Takes `command`; one of over 1 KiB is not printed. */
void brief_end(struct brief *b, uint64_t more, char *command);

/* `word` as a shell takes it back; NULL: it has control characters. The caller
 * frees it. Dies when out of memory. */
char *brief_word(const char *word);

#endif
