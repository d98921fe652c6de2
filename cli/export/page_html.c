/* SPDX-License-Identifier: MIT */
#include "page_html.h"

#include "json_text.h"

static void write_character(FILE *out, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	default:
		putc_unlocked(c, out);
	}
}

void page_html_text(FILE *out, const char *text)
{
	json_t *string = json_text(text); /* is UTF-8 */

	for (const char *c = json_string_value(string); *c; c++)
		write_character(out, *c);
	json_decref(string);
}
