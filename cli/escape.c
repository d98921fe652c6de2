/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "die.h"
#include "utf8.h"

#define WIDEST 4 /* "\x1b" */

/* Terminals obey U+0080 to U+009F as well, which are c2 80 to c2 9f. */
static bool is_control(const unsigned char *c, size_t size)
{
	return size == 1 ? *c < ' ' || *c == 0x7f : c[0] == 0xc2 && c[1] < 0xa0;
}

char *escape(const char *text)
{
	char *out = xcalloc(strlen(text) * WIDEST + 1, 1), *o = out;
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		size_t size = utf8_character(c);

		if (size && !is_control(c, size)) {
			o = mempcpy(o, c, size);
			c += size;
			continue;
		}
		if (*c == '\n' || *c == '\t')
			o += sprintf(o, "\\%c", *c == '\n' ? 'n' : 't');
		else
			o += sprintf(o, "\\x%02x", *c);
		c++;
		if (size == 2)
			o += sprintf(o, "\\x%02x", *c++);
	}
	*o = '\0';
	return out;
}
