/* SPDX-License-Identifier: MIT */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Bytes of the valid UTF-8 character at `s`, which ends with NUL; 0 if there
 * is none. */
size_t utf8_character(const unsigned char *s);

#endif
