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
#define REPORT_LIMIT    10 /* findings shown by default */

struct report_options {
	unsigned kinds;  /* that count: bits 1 << enum finding_kind */
	unsigned listed; /* JSON: others that are in the list, too */
	size_t limit;    /* most findings to show; 0: all */
	bool colour;     /* text: terminal escapes are welcome */
	/* Text: processes that this one, or one of them, started and that were
	 * recorded; NULL: that is not known. */
	const size_t *children;
};

/* --full: text has all that is known of a finding, with all frames of its stacks;
 * else a card (card.h). */
extern int report_full;

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
 * reference, for documents_add(): its findings are a text. Dies when out of
 * memory. */
json_t *report_json(const struct reading *in, const struct report_options *o);

/* The end of a heading's line, with the finding's signature, if all is printed. */
#define REPORT_SIGNATURE "  sig %s\n"

/*
 * The card of one finding: a heading, which REPORT_SIGNATURE must follow if
 * report_full, else a line feed; then what stands below it, lines of text, with
 * as many callers as card_depths_of() says. Announces what it names.
 */
void report_card(FILE *heading, FILE *rest, const struct reading *in,
		 const struct finding *f, unsigned depth);

#endif
