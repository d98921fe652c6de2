/* SPDX-License-Identifier: MIT */
/* Many findings in few lines: what each module's functions lose. */
#ifndef LOSS_TABLE_H
#define LOSS_TABLE_H

#include "findings.h"
#include "report_print.h"

/* Prints a row for each module, or function if all are in one module, that which
 * loses most first, and a sum of those beyond the first few. `kinds`: those that count. Dies when out of memory. */
void loss_table_print(const struct printer *p, const struct findings *f,
		      unsigned kinds);

#endif
