/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "status.h"
#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

json_t *json_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *valid, *v;
	json_t *result;

	if (!text)
		return json_null();
	result = json_string(text); /* NULL: not UTF-8 */
	if (result)
		return result;
	v = valid = xcalloc(strlen(text) * strlen(REPLACEMENT) + 1, 1);
	while (*s) {
		size_t n = utf8_character(s);

		if (n)
			v = mempcpy(v, s, n);
		else
			v = mempcpy(v, REPLACEMENT, strlen(REPLACEMENT));
		s += n ? n : 1;
	}
	result = json_string(valid);
	free(valid);
	if (!result)
		die(STATUS_INPUT, "out of memory");
	return result;
}

json_t *json_address(uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return json_text(text);
}

json_t *json_count(uint64_t count)
{
	return json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX);
}

/* A control character of one to three bytes, which is below U+10000. */
static unsigned number_of(const unsigned char *s, size_t size)
{
	if (size == 1)
		return s[0];
	if (size == 2)
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	return (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
}

/* jansson hands over text in pieces of a few bytes. */
struct sink {
	FILE *out;
	size_t used;
	char buffer[1 << 16];
};

static void flush(struct sink *s)
{
	fwrite(s->buffer, 1, s->used, s->out);
	s->used = 0;
}

/* A character that is not of ASCII, or not shown: `size` bytes at `part` begin
 * with it. Returns how many it has. */
static size_t write_character(struct sink *s, const char *part, size_t size)
{
	unsigned char c[4 + 1] = "";
	size_t n;

	memcpy(c, part, size < 4 ? size : 4);
	n = utf8_character(c);
	n = n ? n : 1;
	if (utf8_is_control(c, n))
		s->used += (size_t)sprintf(s->buffer + s->used, "\\u%04x",
					   number_of(c, n));
	else
		s->used = (size_t)((char *)mempcpy(s->buffer + s->used, c, n) -
				   s->buffer);
	return n;
}

/* jansson hands over whole characters, and newlines only between strings. */
static int write_part(const char *part, size_t size, void *sink)
{
	struct sink *s = sink;

	for (size_t i = 0; i < size;) {
		const char c = part[i];

		if (s->used > sizeof(s->buffer) - 8)
			flush(s);
		if ((c >= ' ' && c < 0x7f) || c == '\n') {
			s->buffer[s->used++] = c;
			i++;
		} else {
			i += write_character(s, part + i, size - i);
		}
	}
	return ferror(s->out) ? -1 : 0;
}

bool json_write(const json_t *value, size_t flags, FILE *out)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	bool written;

	s->out = out;
	written = !json_dump_callback(value, write_part, s, flags);
	flush(s);
	free(s);
	return written && fputc('\n', out) >= 0 && !fflush(out);
}
