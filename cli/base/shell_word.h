/* SPDX-License-Identifier: MIT */
#ifndef SHELL_WORD_H
#define SHELL_WORD_H

/*
 * `text` in single quotes, as a shell reads it as one word: "'it'\\''s'".  Control
 * characters are escaped (escape.h), so that one with these can be read but not
 * typed. The caller frees it. Dies when out of memory.
 */
char *shell_word(const char *text);

#endif
