/* SPDX-License-Identifier: MIT */
#include "visible.h"

#include <string.h>

#include "utf8.h"

size_t visible_character(const char *text, char spelled[VISIBLE_SIZE])
{
	const unsigned char *c = (const unsigned char *)text;
	size_t size = utf8_character(c);
	char *to = spelled;

	if (size && !utf8_is_control(c, size)) {
		memcpy(to, c, size);
		to += size;
	} else {
		size = size ? size : 1;
		for (size_t i = 0; i < size; i++) {
			*to++ = '\\';
			if (c[i] == '\n' || c[i] == '\t') {
				*to++ = c[i] == '\n' ? 'n' : 't';
				continue;
			}
			*to++ = 'x';
			*to++ = "0123456789abcdef"[c[i] >> 4];
			*to++ = "0123456789abcdef"[c[i] & 15];
		}
	}
	*to = '\0';
	return size;
}
