/* SPDX-License-Identifier: MIT */
#include "utf8.h"

size_t utf8_character(const unsigned char *s)
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

/* Terminals obey U+0080 to U+009F as well, which are c2 80 to c2 9f. */
bool utf8_is_control(const unsigned char *s, size_t size)
{
	if (size == 1)
		return *s < ' ' || *s == 0x7f;
	if (size == 2) /* and U+061C */
		return (s[0] == 0xc2 && s[1] < 0xa0) ||
		       (s[0] == 0xd8 && s[1] == 0x9c);
	if (size != 3 || s[0] != 0xe2)
		return false;
	if (s[1] == 0x80) /* U+200E, U+200F; U+2028 to U+202E */
		return s[2] == 0x8e || s[2] == 0x8f ||
		       (s[2] >= 0xa8 && s[2] <= 0xae);
	return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9; /* U+2066 to 9 */
}
