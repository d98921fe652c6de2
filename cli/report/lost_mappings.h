/* SPDX-License-Identifier: MIT */
/* Mappings of the program's own to which no pointer was found: see "Lost mappings"
 * in docs/waste.md. They are not findings. */
#ifndef LOST_MAPPINGS_H
#define LOST_MAPPINGS_H

#include "report_print.h"

/* A line that says how many are lost, and which command lists them; or, where only
 * leaks are asked for, the list of their sites, or why that is not known. Nothing if
 * none is lost, or leaks are not asked for. */
void lost_mappings_print(const struct printer *p,
			 const struct report_options *o);

/* The same of all sites, for programs: a new reference. */
json_t *lost_mappings_json(const struct reading *in);

#endif
