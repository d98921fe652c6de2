/* SPDX-License-Identifier: MIT */
/* Characters against how Unicode's are made, all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "utf8.h"
#include "visible.h"

#define MOST 0x10ffffu

/* Characters that steer a terminal, or turn the text around. */
static bool steers(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Any number, also such as is no character; the bytes. */
static size_t encode(uint32_t c, size_t size, unsigned char *s)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0, 0xf8 };

	s[size] = '\0';
	for (size_t i = size; i-- > 1; c >>= 6)
		s[i] = (unsigned char)(0x80 | (c & 0x3f));
	s[0] = (unsigned char)(first[size] | c);
	return size;
}

static size_t size_of(uint32_t c)
{
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static bool is_character(uint32_t c)
{
	return c && c <= MOST && !(c >= 0xd800 && c <= 0xdfff);
}

static void a_character_has_its_length_and_no_other(void **state)
{
	unsigned char s[8];

	(void)state;
	for (uint32_t c = 0; c <= MOST + 0x10000; c++)
		for (size_t size = size_of(c); size <= 4; size++) {
			size_t right =
			    is_character(c) && size == size_of(c) ? size : 0;

			encode(c, size, s);
			if (utf8_character(s) != right)
				fail_msg("U+%04X by %zu bytes: %zu", c, size,
					 utf8_character(s));
		}
}

static void characters_that_steer_are_known(void **state)
{
	unsigned char s[8];

	(void)state;
	for (uint32_t c = 1; c <= MOST; c++) {
		size_t size = encode(c, size_of(c), s);

		if (utf8_is_control(s, size) != steers(c))
			fail_msg("U+%04X", c);
	}
}

/* Whatever follows the first byte, and where the text ends before. */
static void what_does_not_continue_is_no_character(void **state)
{
	unsigned char s[8];

	(void)state;
	for (uint32_t c = 0x80; c <= MOST; c += 0x3f)
		for (size_t i = 1; i < size_of(c); i++) {
			encode(c, size_of(c), s);
			s[i] ^= 0x40;
			assert_int_equal(utf8_character(s), 0);
			s[i] ^= 0xc0;
			assert_int_equal(utf8_character(s), 0);
			s[i] = '\0';
			assert_int_equal(utf8_character(s), 0);
		}
	for (unsigned first = 0x80; first < 0x100; first++) {
		s[0] = (unsigned char)first;
		s[1] = '\0';
		assert_int_equal(utf8_character(s), 0);
	}
}

static void assert_visible(const char *text, size_t size, const char *expected)
{
	char spelled[VISIBLE_SIZE];

	assert_int_equal(visible_character(text, spelled), size);
	assert_string_equal(spelled, expected);
}

static void what_is_not_to_be_seen_is_spelled(void **state)
{
	(void)state;
	assert_visible("ab", 1, "a");
	assert_visible("\xc3\xa9x", 2, "\xc3\xa9");
	assert_visible("\n", 1, "\\n");
	assert_visible("\t", 1, "\\t");
	assert_visible("\x1b[", 1, "\\x1b");
	assert_visible("\x7f", 1, "\\x7f");
	assert_visible("\xff\xff", 1, "\\xff");
	assert_visible("\xc2\x9f", 2, "\\xc2\\x9f");
	assert_visible("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	assert_visible("\xe2\x80", 1, "\\xe2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_character_has_its_length_and_no_other),
		cmocka_unit_test(characters_that_steer_are_known),
		cmocka_unit_test(what_does_not_continue_is_no_character),
		cmocka_unit_test(what_is_not_to_be_seen_is_spelled),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
