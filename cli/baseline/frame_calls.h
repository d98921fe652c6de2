/* SPDX-License-Identifier: MIT */
/*
 * The functions of a finding's frames as a baseline has them, innermost first:
 *
 *   calls=yaml_malloc<(yaml_stack_init)<yaml_parser_initialize<main
 *
 * In parentheses are those that only debug information knows of, which are
 * gone where the program was stripped of it; "~f" ended in a jump, which compilers
 * make one of for several calls; "[libfoo]" is a function of that
 * module without a name, "..." at the end are more. Of a cycle ";" is between
 * stacks. What else would end a word or a name is spelled as in "%20".
 */
#ifndef FRAME_CALLS_H
#define FRAME_CALLS_H

#include <stdbool.h>
#include <stdio.h>

#include "frame_lines.h"

/* Add them to `l`, which has the same frames or none; false: `text` has other
 * ones, or is something else, and `l` is as it was. */
bool frame_calls_parse(struct frame_lines *l, const char *text);
/* Whether they are known of all frames, and there are any. */
bool frame_calls_known(const struct frame_lines *l);
/* Likewise. They are known. */
void frame_calls_print(FILE *out, const struct frame_lines *l);

/* One word of a baseline's line, spelled like the above. */
void frame_calls_print_word(FILE *out, const char *text);
/* What it was before; the caller frees it. NULL: it is not such a word. */
char *frame_calls_read_word(const char *word, size_t size);

#endif
