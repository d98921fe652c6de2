/* SPDX-License-Identifier: MIT */
/* The report for people. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

#include "names.h"
#include "report.h"

/*
 * Judges the recording and writes the verdict line, the findings and what was
 * not recorded. `o` NULL: every kind, REPORT_LIMIT findings, colour if `out` is
 * a terminal that wants it. Dies when out of memory.
 */
void report_text(FILE *out, const struct model *m, struct symbols *s,
		 const struct report_options *o);

/* The end of a heading's line, with the finding's signature. */
#define REPORT_SIGNATURE "  sig %s\n"

/*
 * The card of one finding: a heading without REPORT_SIGNATURE, which is to follow
 * it; then what is known of it and its call stack, lines of text. Announces to `n`
 * what it names.
 */
void report_card(FILE *heading, FILE *rest, const struct model *m,
		 struct symbols *s, struct names *n, const struct finding *f);

#endif
