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

/*
 * The card of one finding, which has its signature: a heading, what is known of
 * it, its call stack. Announces to `n` what it names.
 */
void report_card(FILE *out, const struct model *m, struct symbols *s,
		 struct names *n, const struct finding *f);

#endif
