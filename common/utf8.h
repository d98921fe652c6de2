/* SPDX-License-Identifier: MIT */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the valid UTF-8 character at `s` has; 0 if there is none. `s`
 * ends with NUL. */
size_t utf8_character(const unsigned char *s);

/*
 * Whether the valid character at `s`, of `size` bytes, acts instead of being
 * shown: a control character, a separator of lines, or one that changes the
 * direction of what follows (UAX 9, table 4).
 */
bool utf8_is_control(const unsigned char *s, size_t size);

#endif
