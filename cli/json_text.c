/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the valid UTF-8 character at `s`; 0 if there is none. */
static size_t character(const unsigned char *s)
{
	/* Least second byte, greatest second byte and length by first byte,
	 * from the table 3-7 of the Unicode standard. */
	static const struct {
		unsigned char first, last, least, most, size;
	} rows[] = {
		{ 0x01, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (rows[i].size > 1 &&
		    (s[1] < rows[i].least || s[1] > rows[i].most))
			return 0;
		for (size_t k = 2; k < rows[i].size; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].size;
	}
	return 0;
}

json_t *json_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *valid, *v;
	json_t *result;

	if (!text)
		return json_null();
	v = valid = xcalloc(strlen(text) * strlen(REPLACEMENT) + 1, 1);
	while (*s) {
		size_t n = character(s);

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
