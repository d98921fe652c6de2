/* SPDX-License-Identifier: MIT */
#include "export_json.h"

#include "utf8.h"

#define REPLACEMENT "\\ufffd"

/* A character of 2 or 3 bytes, below U+10000, or of one. */
static unsigned code_of(const unsigned char *s, size_t size)
{
	if (size == 1)
		return s[0];
	if (size == 2)
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	return (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
}

void export_json_text(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s) {
		size_t size = utf8_character(s);

		if (!size)
			fputs(REPLACEMENT, out);
		else if (utf8_is_control(s, size))
			fprintf(out, "\\u%04x", code_of(s, size));
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else
			fwrite(s, 1, size, out);
		s += size ? size : 1;
	}
	putc('"', out);
}

void export_json_number(FILE *out, uint64_t number)
{
	char digits[24], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	fwrite_unlocked(at, 1, (size_t)(digits + sizeof(digits) - at), out);
}
