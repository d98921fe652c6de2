/* SPDX-License-Identifier: MIT */
/* What a report is asked to show; the same for text and JSON. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "findings.h"

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

/* Whether to show `f` when `before` findings have been shown. */
bool report_wants(const struct report_options *o, const struct finding *f,
		  size_t before);

#endif
