/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include <stdio.h>
#include <string.h>

#include "die.h"

#define WIDEST 4 /* "\x1b" */

char *escape(const char *text)
{
	char *out = xcalloc(strlen(text) * WIDEST + 1, 1), *o = out;

	for (const char *t = text; *t; t++) {
		unsigned char c = (unsigned char)*t;

		if (c == '\n' || c == '\t')
			o += sprintf(o, "\\%c", c == '\n' ? 'n' : 't');
		else if (c < ' ' || c == 0x7f)
			o += sprintf(o, "\\x%02x", c);
		else
			*o++ = *t;
	}
	*o = '\0';
	return out;
}
