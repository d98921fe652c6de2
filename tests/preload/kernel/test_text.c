/* SPDX-License-Identifier: MIT */
/* Small texts of the shim's: cut, and never overrun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define GUARD 0x5a

struct guarded {
	char bytes[32];
	struct text t;
};

/* Behind its room nothing may be written. */
static struct text *with_room(struct guarded *g, size_t room)
{
	memset(g->bytes, GUARD, sizeof(g->bytes));
	g->bytes[0] = '\0';
	g->t = (struct text){ g->bytes, room, 0 };
	return &g->t;
}

static void assert_text(const struct guarded *g, const char *expected)
{
	assert_string_equal(g->bytes, expected);
	for (size_t i = g->t.room; i < sizeof(g->bytes); i++)
		assert_int_equal(g->bytes[i], GUARD);
}

static void what_fits_is_whole(void **state)
{
	struct guarded g;

	(void)state;
	text_add(with_room(&g, 7), "abc");
	text_add(&g.t, "");
	text_add(&g.t, "def");
	assert_text(&g, "abcdef");
	assert_int_equal(g.t.size, 6);
	assert_true(text_whole(&g.t));
	text_add(&g.t, "g");
	assert_text(&g, "abcdef");
	assert_false(text_whole(&g.t));
	text_add(&g.t, "hi");
	assert_text(&g, "abcdef");
	assert_false(text_whole(&g.t));
	text_add(with_room(&g, 1), "a");
	assert_text(&g, "");
	assert_false(text_whole(&g.t));
}

static void numbers_have_all_their_digits(void **state)
{
	struct guarded g;

	(void)state;
	text_number(with_room(&g, 32), 0);
	assert_text(&g, "0");
	text_number(with_room(&g, 32), 9);
	text_number(&g.t, 10);
	assert_text(&g, "910");
	text_number(with_room(&g, 32), UINT64_MAX);
	assert_text(&g, "18446744073709551615");
	text_hex(with_room(&g, 32), 0);
	assert_text(&g, "0x0");
	text_hex(with_room(&g, 32), 0x10fedcba98765432);
	assert_text(&g, "0x10fedcba98765432");
	text_hex(with_room(&g, 32), UINT64_MAX);
	assert_text(&g, "0xffffffffffffffff");
	text_number(with_room(&g, 3), 1234);
	assert_text(&g, "12");
	assert_false(text_whole(&g.t));
}

static void what_is_shown_is_cut_between_characters(void **state)
{
	struct guarded g;

	(void)state;
	text_show(with_room(&g, 32), "a\n\xc3\xa9\x1b\xff");
	assert_text(&g, "a\\n\xc3\xa9\\x1b\\xff");
	assert_true(text_whole(&g.t));
	text_show(with_room(&g, 4), "ab\xc3\xa9");
	assert_text(&g, "ab");
	assert_false(text_whole(&g.t));
	text_show(&g.t, "c");
	assert_text(&g, "ab");
	text_show(with_room(&g, 5), "ab\xc3\xa9");
	assert_text(&g, "ab\xc3\xa9");
	assert_true(text_whole(&g.t));
	text_show(with_room(&g, 4), "\x01");
	assert_text(&g, "");
	assert_false(text_whole(&g.t));
}

static void a_base_is_what_follows_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(text_base("/usr/bin/program"), "program");
	assert_string_equal(text_base("program"), "program");
	assert_string_equal(text_base("/p"), "p");
	assert_string_equal(text_base("a/"), "");
	assert_string_equal(text_base("/"), "");
	assert_string_equal(text_base(""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(numbers_have_all_their_digits),
		cmocka_unit_test(what_is_shown_is_cut_between_characters),
		cmocka_unit_test(a_base_is_what_follows_the_last_slash),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
