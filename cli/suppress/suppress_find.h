/* SPDX-License-Identifier: MIT */
#ifndef SUPPRESS_FIND_H
#define SUPPRESS_FIND_H

#include "suppress.h"

/* Releases what suppress_find() remembers. */
void suppress_forget(struct suppressions *s);

#endif
