/* SPDX-License-Identifier: MIT */
#include "shell_word.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "xmalloc.h"

static const char quote[] = "'\\''"; /* ends the quotes for one of its own */

char *shell_word(const char *text)
{
	char *shown = escape(text);
	char *word = xmalloc(strlen(shown) * strlen(quote) + 3), *to = word;

	*to++ = '\'';
	for (const char *from = shown; *from; from++) {
		if (*from == '\'')
			to = stpcpy(to, quote);
		else
			*to++ = *from;
	}
	strcpy(to, "'");
	free(shown);
	return word;
}
