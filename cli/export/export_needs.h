/* SPDX-License-Identifier: MIT */
/* What writers need of a recording: each dies, with one sentence, if it is not
 * known. */
#ifndef EXPORT_NEEDS_H
#define EXPORT_NEEDS_H

#include "reading.h"

/* What is alive, and who points at whom. */
void export_needs_pointers(const struct reading *in);

#endif
