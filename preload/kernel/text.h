/* SPDX-License-Identifier: MIT */
/* Small texts in a caller's buffer, cut and never overrun; no stdio. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t room; /* bytes of `data`, at least 1 */
	size_t size; /* used, without the NUL; room or more: cut */
};

void text_add(struct text *t, const char *s);
/* The same as people may see it (visible.h), cut between characters. */
void text_show(struct text *t, const char *s);
void text_number(struct text *t, uint64_t n); /* decimal */
void text_hex(struct text *t, uint64_t n);    /* with 0x */
bool text_whole(const struct text *t);        /* nothing was cut */
/* The value of a digit in base 16 or less, -1 if it is none. */
int text_digit(char c, int base);
/* The number at *at, which is behind it then; the highest, if it is higher. */
uint64_t text_read(const char **at, int base);
/* Whether `text` begins with `with`. */
bool text_begins(const char *text, const char *with);
/* The part of `path` behind its last slash. */
const char *text_base(const char *path);

#endif
