/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

#include "visible.h"

void text_add(struct text *t, const char *s)
{
	for (; *s; s++, t->size++)
		if (t->size + 1 < t->room)
			t->data[t->size] = *s;
	t->data[t->size < t->room ? t->size : t->room - 1] = '\0';
}

void text_show(struct text *t, const char *s)
{
	char spelled[VISIBLE_SIZE];

	while (*s && text_whole(t)) {
		s += visible_character(s, spelled);
		if (t->size + strlen(spelled) < t->room)
			text_add(t, spelled);
		else
			t->size = t->room;
	}
}

static void add_digits(struct text *t, uint64_t n, unsigned base)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	text_add(t, p);
}

void text_number(struct text *t, uint64_t n)
{
	add_digits(t, n, 10);
}

void text_hex(struct text *t, uint64_t n)
{
	text_add(t, "0x");
	add_digits(t, n, 16);
}

bool text_whole(const struct text *t)
{
	return t->size < t->room;
}

int text_digit(char c, int base)
{
	int digit = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
					   : -1;

	return digit < base ? digit : -1;
}

uint64_t text_read(const char **at, int base)
{
	uint64_t n = 0;

	for (int digit; (digit = text_digit(**at, base)) >= 0; ++*at)
		if (__builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			n = UINT64_MAX;
	return n;
}

bool text_begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

const char *text_base(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}
