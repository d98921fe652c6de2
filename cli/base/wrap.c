/* SPDX-License-Identifier: MIT */
#include "wrap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text_stream.h"

/* The end of the character, or of the escape of a colour, at `at`; sets how many
 * columns it takes. */
static const char *after(const char *at, const char *end, size_t *columns)
{
	*columns = 1;
	if (*at == '\033') {
		*columns = 0;
		while (at < end && *at != 'm')
			at++;
		return at < end ? at + 1 : end;
	}
	do
		at++;
	while (at < end && ((unsigned char)*at & 0xc0) == 0x80);
	return at;
}

size_t wrap_columns(const char *text, size_t bytes)
{
	const char *end = text + bytes;
	size_t sum = 0, columns;

	while (text < end) {
		text = after(text, end, &columns);
		sum += columns;
	}
	return sum;
}

/* A command that can be typed, which a break would make two. */
static const char command[] = "refknot ";

static bool is_command(const char *at, const char *end)
{
	size_t size = sizeof(command) - 1;

	return (size_t)(end - at) >= size && !memcmp(at, command, size);
}

/* One of just two spaces, which keep what belongs together. */
static bool is_pair(const char *at, const char *begin)
{
	const char *first = at, *after = at;

	while (first > begin && first[-1] == ' ')
		first--;
	while (*after == ' ')
		after++;
	return after - first == 2;
}

/* Where the line that begins at `at` is to be broken: at a space, or at `end`. */
static const char *break_of(const char *at, const char *end, size_t width)
{
	const char *space = NULL, *begin = at;
	size_t used = 0, columns;
	bool whole = false; /* a command, up to the end of the line */

	while (begin < end && *begin == ' ') /* a line of spaces is no line */
		begin++;
	while (at < end) {
		whole |= is_command(at, end);
		if (*at == ' ' && at > begin && !whole && !is_pair(at, begin)) {
			if (used > width)
				break;
			space = at;
		}
		at = after(at, end, &columns);
		used += columns;
		if (used > width && space)
			return space;
	}
	if (used > width)
		return space ? space : at;
	return end;
}

static size_t print_line(FILE *out, const char *at, const char *end,
			 size_t width, size_t indent)
{
	size_t lines = 0;

	do {
		size_t room = lines && width > indent ? width - indent : width;
		const char *stop = width ? break_of(at, end, room) : end;

		if (out)
			fprintf(out, "%*s%.*s\n", lines ? (int)indent : 0, "",
				(int)(stop - at), at);
		lines++;
		at = stop;
		while (at < end && *at == ' ')
			at++;
	} while (at < end);
	return lines;
}

size_t wrap_print(FILE *out, const char *text, size_t width, size_t indent)
{
	size_t lines = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		lines += print_line(out, text, text + length, width, indent);
		text += length + (text[length] == '\n');
	}
	return lines;
}

void wrap_clauses(FILE *out, const char *text, size_t width, size_t indent)
{
	const char *end;
	char *broken;
	size_t size, used = 0;
	FILE *lines = text_stream_open(&broken, &size);

	for (; *text; text = end) {
		size_t columns;

		end = strstr(text, "; ");
		end = end ? end + 1 : text + strlen(text);
		/* It begins with the space behind the semicolon. */
		columns = wrap_columns(text, (size_t)(end - text)) - !*end;
		if (width && used && used + columns > width) {
			fprintf(lines, "\n%*s", (int)indent, "");
			used = indent;
			text++;
			columns--;
		}
		fprintf(lines, "%.*s", (int)(end - text), text);
		used += columns;
	}
	text_stream_close(lines);
	wrap_print(out, broken, width, indent);
	free(broken);
}
