/* SPDX-License-Identifier: MIT */
#include "frame_calls.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

#define MORE "..."
#define MOST (FRAME_LINES_MOST * FRAME_LINES_STACKS)

/* --- Words ----------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 127 && !strchr("<>();,#%~", c);
}

void frame_calls_print_word(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (is_plain(*c))
			fputc(*c, out);
		else
			fprintf(out, "%%%02x", *c);
}

char *frame_calls_read_word(const char *word, size_t size)
{
	char *text = xmalloc(size + 1);
	const char *end = word + size;
	size_t n = 0;

	for (; word < end; word++) {
		bool right = is_plain((unsigned char)*word);

		text[n] = *word;
		if (*word == '%') { /* "%20" */
			char digits[3] = { 0 };

			right = end - word > 2 &&
				isxdigit((unsigned char)word[1]) &&
				isxdigit((unsigned char)word[2]);
			if (right)
				memcpy(digits, word + 1, 2);
			text[n] = (char)strtoul(digits, NULL, 16);
			right = text[n] != '\0';
			word += 2;
		}
		if (!right) {
			free(text);
			return NULL;
		}
		n++;
	}
	text[n] = '\0';
	return text;
}

/* --- Frames ---------------------------------------------------------------- */

/* "parse", "(parse)", "~parse" or "(~parse)" */
static bool read_call(struct frame_line *l, const char *text, size_t size)
{
	l->passing = size > 2 && text[0] == '(' && text[size - 1] == ')';
	if (l->passing) {
		text++;
		size -= 2;
	}
	l->jumped = size > 1 && *text == '~';
	text += l->jumped;
	size -= l->jumped;
	if (!size || (size == strlen(MORE) && !memcmp(text, MORE, size)))
		return false;
	l->call = frame_calls_read_word(text, size);
	return l->call;
}

bool frame_calls_parse(struct frame_lines *l, const char *text)
{
	struct frame_line *list = xcalloc(MOST, sizeof(*list));
	bool right = true;
	size_t n = 0;

	for (;; text++) {
		size_t size = strcspn(text, "<;");

		right = n < MOST && read_call(&list[n], text, size);
		if (!right)
			break;
		text += size;
		/* "..." and the end of the text, or of the stack. */
		if (!strncmp(text, "<" MORE, strlen("<" MORE)) &&
		    strchr(";", text[strlen("<" MORE)])) {
			list[n].cut = true;
			text += strlen("<" MORE);
		}
		list[n].outermost = *text != '<' && !list[n].cut;
		n++;
		if (!*text)
			break;
	}
	right &= !l->count || l->count == n;
	if (right && !l->count) {
		l->list = xcalloc(n, sizeof(*l->list));
		l->count = n;
	}
	for (size_t i = 0; i < n && right; i++) {
		l->list[i].call = list[i].call;
		l->list[i].passing = list[i].passing;
		l->list[i].jumped = list[i].jumped;
		l->list[i].outermost = list[i].outermost;
		l->list[i].cut = list[i].cut;
	}
	for (size_t i = 0; i < n && !right; i++)
		free(list[i].call);
	free(list);
	return right;
}

bool frame_calls_known(const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->list[i].call)
			return false;
	return l->count;
}

void frame_calls_print(FILE *out, const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct frame_line *one = &l->list[i];

		fputs(one->passing ? "(" : "", out);
		fputs(one->jumped ? "~" : "", out);
		frame_calls_print_word(out, one->call);
		fputs(one->passing ? ")" : "", out);
		fputs(one->cut ? "<" MORE : "", out);
		if (i + 1 < l->count)
			fputc(one->cut || one->outermost ? ';' : '<', out);
	}
}
