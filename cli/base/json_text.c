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

/* jansson hands over whole characters, and newlines only between strings. */
static int write_part(const char *part, size_t size, void *file)
{
	unsigned char c[4 + 1] = "";
	FILE *out = file;

	for (size_t i = 0, n; i < size; i += n) {
		memcpy(c, part + i, size - i < 4 ? size - i : 4);
		c[size - i < 4 ? size - i : 4] = '\0';
		n = utf8_character(c);
		n = n ? n : 1;
		if (*c != '\n' && utf8_is_control(c, n))
			fprintf(out, "\\u%04x", number_of(c, n));
		else
			fwrite(c, 1, n, out);
	}
	return ferror(out) ? -1 : 0;
}

bool json_write(const json_t *value, size_t flags, FILE *out)
{
	return !json_dump_callback(value, write_part, out, flags) &&
	       fputc('\n', out) >= 0 && !fflush(out);
}
