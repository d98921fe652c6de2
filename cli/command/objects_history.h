/* SPDX-License-Identifier: MIT */
/* What `refknot objects` shows that is not of the end: --churn and --between. */
#ifndef OBJECTS_HISTORY_H
#define OBJECTS_HISTORY_H

#include "showing.h"

/* What was allocated over the run; `function` NULL: by all. Nothing is known:
 * says so, and sets show->status. */
void objects_churn(struct showing *show, const struct reading *in,
		   enum group_by by, enum group_sort sort,
		   const char *function);

/* What grew between two times, by the key frames that are nearest. */
void objects_between(struct showing *show, const struct reading *in,
		     enum group_by by, const char *from, const char *to);

#endif
