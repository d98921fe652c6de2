/* SPDX-License-Identifier: MIT */
#include "text.h"

void text_add(struct text *t, const char *s)
{
	for (; *s; s++, t->size++)
		if (t->size + 1 < t->room)
			t->data[t->size] = *s;
	t->data[t->size < t->room ? t->size : t->room - 1] = '\0';
}

void text_number(struct text *t, uint64_t n)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	text_add(t, p);
}

bool text_whole(const struct text *t)
{
	return t->size < t->room;
}

const char *text_base(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}
