/* SPDX-License-Identifier: MIT */
/* JSON that is written while it is made, for files of any size. */
#ifndef EXPORT_JSON_H
#define EXPORT_JSON_H

#include "export.h"

/* Writes `text` as a JSON string: each byte that is not part of valid UTF-8 is
 * U+FFFD, and what a terminal would obey is spelled \u009b. */
void export_json_text(FILE *out, const char *text);
/* Writes a number, faster than fprintf() does. */
void export_json_number(FILE *out, uint64_t number);

#endif
