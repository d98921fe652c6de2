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

/* "20" */
static bool read_hex(const char *text, const char *end, char *c)
{
	char digits[3] = { 0 };

	if (end - text < 2 || !isxdigit((unsigned char)text[0]) ||
	    !isxdigit((unsigned char)text[1]))
		return false;
	memcpy(digits, text, 2);
	*c = (char)strtoul(digits, NULL, 16);
	return *c != '\0';
}

char *frame_calls_read_word(const char *word, size_t size)
{
	char *text = xmalloc(size + 1);
	const char *end = word + size;
	size_t n = 0;

	for (; word < end; word++) {
		bool right = is_plain((unsigned char)*word);

		text[n] = *word;
		if (*word == '%') {
			right = read_hex(word + 1, end, &text[n]);
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

/* How many there are; 0: something is wrong. */
static size_t read_calls(struct frame_line *list, const char *text)
{
	size_t n = 0;

	for (;; text++) {
		size_t size = strcspn(text, "<;");
		struct frame_line *l = &list[n];

		if (n == MOST || !read_call(l, text, size))
			return 0;
		n++;
		text += size;
		/* "..." and the end of the text, or of the stack. */
		if (!strncmp(text, "<" MORE, strlen("<" MORE)) &&
		    strchr(";", text[strlen("<" MORE)])) {
			l->cut = true;
			text += strlen("<" MORE);
		}
		l->outermost = *text != '<' && !l->cut;
		if (!*text)
			return n;
	}
}

static void release(struct frame_line *list)
{
	for (size_t i = 0; i < MOST; i++)
		free(list[i].call);
	free(list);
}

bool frame_calls_parse(struct frame_lines *l, const char *text)
{
	struct frame_line *list = xcalloc(MOST, sizeof(*list));
	size_t n = read_calls(list, text);

	if (!n || (l->count && l->count != n)) {
		release(list);
		return false;
	}
	if (!l->count) {
		l->list = xcalloc(n, sizeof(*l->list));
		l->count = n;
	}
	for (size_t i = 0; i < n; i++) {
		l->list[i].call = list[i].call;
		l->list[i].passing = list[i].passing;
		l->list[i].jumped = list[i].jumped;
		l->list[i].outermost = list[i].outermost;
		l->list[i].cut = list[i].cut;
	}
	free(list);
	return true;
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
