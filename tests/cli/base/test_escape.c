/* SPDX-License-Identifier: MIT */
/* What a name from a recording may do to a terminal: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "escape.h"

static void expect(const char *text, const char *wanted)
{
	char *escaped = escape(text);

	assert_string_equal(escaped, wanted);
	free(escaped);
}

static void letters_stay(void **state)
{
	(void)state;
	expect("", "");
	expect("parse_header at \xc3\xa4.c", "parse_header at \xc3\xa4.c");
	expect("\xf0\x9f\x92\xa7", "\xf0\x9f\x92\xa7");
}

static void controls_are_spelled(void **state)
{
	(void)state;
	expect("a\nb\tc", "a\\nb\\tc");
	expect("\x1b[2J\x7f", "\\x1b[2J\\x7f");
	expect("\xc2\x9b[2J", "\\xc2\\x9b[2J");
}

static void what_turns_writing_around_is_spelled(void **state)
{
	(void)state;
	expect("\xe2\x80\xae", "\\xe2\\x80\\xae"); /* U+202E */
	expect("\xe2\x80\xa8", "\\xe2\\x80\\xa8"); /* U+2028 */
	expect("\xe2\x81\xa9", "\\xe2\\x81\\xa9"); /* U+2069 */
	expect("\xe2\x80\x8f", "\\xe2\\x80\\x8f"); /* U+200F */
	expect("\xd8\x9c", "\\xd8\\x9c");          /* U+061C */
	/* Their neighbours are letters or marks like others. */
	expect("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\xd8\x9b",
	       "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\xd8\x9b");
}

static void bytes_that_are_no_text_are_spelled(void **state)
{
	(void)state;
	expect("\x9b[2J", "\\x9b[2J");
	expect("a\xff", "a\\xff");
	expect("\xe2\x82", "\\xe2\\x82");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_stay),
		cmocka_unit_test(controls_are_spelled),
		cmocka_unit_test(what_turns_writing_around_is_spelled),
		cmocka_unit_test(bytes_that_are_no_text_are_spelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
