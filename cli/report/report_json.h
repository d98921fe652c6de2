/* SPDX-License-Identifier: MIT */
/* The report for programs. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <jansson.h>

#include "report.h"

/* Judges the recording: a whole document of the schema refknot-report/1, a new
 * reference. Dies when out of memory. */
json_t *report_json(const struct model *m, struct symbols *s,
		    const struct report_options *o);

#endif
