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
