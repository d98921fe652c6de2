/* SPDX-License-Identifier: MIT */
/* What crosses to the shim: presets, ranges, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "settings.h"

#define SET(text) ((char[]){ text }) /* an assignment, as environ has it */

static const char *read_one(struct settings *s, char *assignment)
{
	char *environment[] = { assignment, NULL };

	return settings_read(s, environment);
}

static void assert_presets(const struct settings *s)
{
	assert_null(s->out);
	assert_int_equal(s->children, 1);
	assert_int_equal(s->depth, 128);
	assert_int_equal(s->snapshot, 1);
}

static void nothing_set_gives_the_presets(void **state)
{
	char *empty[] = { NULL };
	struct settings s;

	(void)state;
	assert_null(settings_read(&s, NULL));
	assert_presets(&s);
	assert_null(settings_read(&s, empty));
	assert_presets(&s);
	assert_null(read_one(&s, SET("REFKNOT_DEPTHS=1")));
	assert_presets(&s);
	assert_null(read_one(&s, SET("REFKNOT_DEPT=1")));
	assert_presets(&s);
	assert_null(read_one(&s, SET("REFKNOT_DEPTH")));
	assert_presets(&s);
}

static void every_setting_is_read(void **state)
{
	char out[] = "REFKNOT_OUT=/a=b", children[] = "REFKNOT_CHILDREN=0";
	char depth[] = "REFKNOT_DEPTH=7", snapshot[] = "REFKNOT_SNAPSHOT=0";
	char *environment[] = { SET("HOME=/"), out,      children,
				depth,         snapshot, NULL };
	struct settings s;

	(void)state;
	assert_null(settings_read(&s, environment));
	assert_string_equal(s.out, "/a=b");
	assert_ptr_equal(s.out, out + sizeof("REFKNOT_OUT=") - 1);
	assert_int_equal(s.children, 0);
	assert_int_equal(s.depth, 7);
	assert_int_equal(s.snapshot, 0);
}

static void an_empty_text_is_unset(void **state)
{
	struct settings s;

	(void)state;
	assert_null(read_one(&s, SET("REFKNOT_OUT=")));
	assert_null(s.out);
}

static void the_ends_of_a_range_belong_to_it(void **state)
{
	struct settings s;

	(void)state;
	assert_null(read_one(&s, SET("REFKNOT_DEPTH=1")));
	assert_int_equal(s.depth, 1);
	assert_null(read_one(&s, SET("REFKNOT_DEPTH=1024")));
	assert_int_equal(s.depth, 1024);
	assert_null(read_one(&s, SET("REFKNOT_DEPTH=0000064")));
	assert_int_equal(s.depth, 64);
}

static void bad_numbers_are_refused_by_name(void **state)
{
	static char bad[][48] = {
		"REFKNOT_DEPTH=",      "REFKNOT_DEPTH=0",
		"REFKNOT_DEPTH=1025",  "REFKNOT_DEPTH=-1",
		"REFKNOT_DEPTH=1 ",    "REFKNOT_DEPTH= 1",
		"REFKNOT_DEPTH=0x10",  "REFKNOT_DEPTH=deep",
		"REFKNOT_DEPTH=1\xb9", "REFKNOT_DEPTH=18446744073709551617",
	};
	struct settings s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *name = read_one(&s, bad[i]);

		if (!name)
			fail_msg("%s was taken", bad[i]);
		assert_string_equal(name, "REFKNOT_DEPTH");
		assert_presets(&s);
	}
}

static void the_first_bad_setting_is_named(void **state)
{
	char *environment[] = { SET("REFKNOT_SNAPSHOT=2"),
				SET("REFKNOT_CHILDREN=no"), NULL };
	struct settings s;

	(void)state;
	/* First in the order of settings.def. */
	assert_string_equal(settings_read(&s, environment), "REFKNOT_CHILDREN");
	assert_presets(&s);
}

static void the_first_of_two_values_counts(void **state)
{
	char *environment[] = { SET("REFKNOT_DEPTH=3"), SET("REFKNOT_DEPTH=4"),
				NULL };
	struct settings s;

	(void)state;
	assert_null(settings_read(&s, environment));
	assert_int_equal(s.depth, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_set_gives_the_presets),
		cmocka_unit_test(every_setting_is_read),
		cmocka_unit_test(an_empty_text_is_unset),
		cmocka_unit_test(the_ends_of_a_range_belong_to_it),
		cmocka_unit_test(bad_numbers_are_refused_by_name),
		cmocka_unit_test(the_first_bad_setting_is_named),
		cmocka_unit_test(the_first_of_two_values_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
