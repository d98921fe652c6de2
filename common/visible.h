/* SPDX-License-Identifier: MIT */
/*
 * Texts that come from programs, made safe to show: what a terminal would obey,
 * and bytes that are not valid UTF-8, become \n, \t or \x1b.
 */
#ifndef VISIBLE_H
#define VISIBLE_H

#include <stddef.h>

#define VISIBLE_WIDEST 4 /* bytes that one byte can become */
#define VISIBLE_SIZE   (4 * VISIBLE_WIDEST + 1)

/*
 * Spells the first character of `text`, which is not empty, into `spelled`,
 * with a NUL after it. Returns how many bytes of `text` that was. May run
 * inside malloc.
 */
size_t visible_character(const char *text, char spelled[VISIBLE_SIZE]);

#endif
