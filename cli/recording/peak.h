/* SPDX-License-Identifier: MIT */
/* What was alive when most was, by call stack. */
#ifndef PEAK_H
#define PEAK_H

#include "model.h"

/* What commands call that moment, and the end, where no mark is called so. */
#define PEAK_NAME "peak"
#define END_NAME  "end"

/* Why it is not known by call stack: a clause; NULL: it is. */
const char *peak_why_unknown(const struct model *m);

/* At another moment up to so many bytes more may have been alive; 0: none was. */
uint64_t peak_error(const struct model *m);

/* The same in words, for the caller to free; NULL: none was. */
char *peak_error_text(const struct model *m);

#endif
