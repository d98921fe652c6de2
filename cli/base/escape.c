/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include <string.h>

#include "visible.h"
#include "xmalloc.h"

char *escape(const char *text)
{
	char *out = xcalloc(strlen(text) * VISIBLE_WIDEST + 1, 1), *o = out;
	char spelled[VISIBLE_SIZE];

	while (*text) {
		text += visible_character(text, spelled);
		o = stpcpy(o, spelled);
	}
	return out;
}
