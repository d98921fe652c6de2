/* SPDX-License-Identifier: MIT */
/* The report, for people and for programs. */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "findings.h"
#include "reading.h"

#define REPORT_ALL_KINDS ((1u << FINDING_KINDS) - 1)
/* What counts unless possible leaks are asked for. */
#define REPORT_FINDINGS (REPORT_ALL_KINDS & ~(1u << FINDING_POSSIBLE))
#define REPORT_LIMIT    20 /* findings shown by default */

struct report_options {
	unsigned kinds;  /* that count: bits 1 << enum finding_kind */
	unsigned listed; /* JSON: others that are in the list, too */
	size_t limit;    /* most findings to show; 0: all */
	bool colour;     /* text: terminal escapes are welcome */
};

/* --full-stacks: text has all frames of a stack. Else frames of the standard
 * library of C++ or Rust that follow each other are one line, and only so many
 * lines are printed. */
extern int report_full_stacks;

/* Whether to show `f` when `before` findings have been shown. */
static inline bool report_wants(const struct report_options *o,
				const struct finding *f, size_t before)
{
	return (!o->limit || before < o->limit) &&
	       (o->kinds | o->listed) & 1u << f->kind;
}

/*
 * Judges the recording and writes the verdict line, the findings and what was
 * not recorded. `o` NULL: every kind, REPORT_LIMIT findings, colour if `out` is
 * a terminal that wants it. Dies when out of memory.
 */
void report_text(FILE *out, const struct reading *in,
		 const struct report_options *o);

/* Judges the recording: a whole document of the schema refknot-report/1, a new
 * reference. Dies when out of memory. */
json_t *report_json(const struct reading *in, const struct report_options *o);

/* The end of a heading's line, with the finding's signature. */
#define REPORT_SIGNATURE "  sig %s\n"

/*
 * The card of one finding: a heading, which REPORT_SIGNATURE must follow; then
 * what is known of it and its call stack, lines of text. Announces what it
 * names.
 */
void report_card(FILE *heading, FILE *rest, const struct reading *in,
		 const struct finding *f);

#endif
