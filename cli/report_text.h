/* SPDX-License-Identifier: MIT */
/* The report for people. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

#include "report.h"

/*
 * Judge the recording and write the verdict line, the findings and what was
 * not recorded. `o` NULL: every kind, REPORT_LIMIT findings, colour if `out`
 * is a terminal that wants it. Dies when out of memory.
 */
void report_text(FILE *out, const struct model *m, struct symbols *s,
		 const struct report_options *o);

#endif
