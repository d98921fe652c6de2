/* SPDX-License-Identifier: MIT */
/* What is told of a source's lines, and what is not read at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scratch.h"
#include "source_text.h"

static struct source_text *all;

static uint16_t hash(const char *path, unsigned from, unsigned line)
{
	uint16_t value = 0;

	assert_true(source_text_hash(&all, path, from, line, &value));
	return value;
}

static int release(void **state)
{
	(void)state;
	source_text_release(&all);
	return 0;
}

static void white_space_does_not_count(void **state)
{
	(void)state;
	scratch_write("a.c", "int a ( 1 );\r\n\t int a(1);\nint a(2);\n");
	assert_int_equal(hash("a.c", 0, 1), hash("a.c", 0, 2));
	assert_int_not_equal(hash("a.c", 0, 1), hash("a.c", 0, 3));
}

static void comments_do_not_count(void **state)
{
	(void)state;
	scratch_write("m.c",
		      "f();\nf(); /* a */\nf(); // b\n/* a\n * b */ f();\n"
		      "/**/f(/*a*/);\ng(\"//\");\ng(\"/*\");\n"
		      "h('\"'); // \"\nh('\"');\nk(\"\\\"/*\");\nf();\n");
	for (unsigned i = 2; i < 7; i++)
		if (i != 4)
			assert_int_equal(hash("m.c", 0, i), hash("m.c", 0, 1));
	assert_int_not_equal(hash("m.c", 0, 7), hash("m.c", 0, 8));
	assert_int_equal(hash("m.c", 0, 9), hash("m.c", 0, 10));
	assert_int_equal(hash("m.c", 0, 12), hash("m.c", 0, 1));
}

static void a_line_is_told_from_equal_ones_before_it(void **state)
{
	(void)state;
	scratch_write("b.c", "f();\n{\nf();\nf();\n}\nf();\n");
	assert_int_equal(hash("b.c", 2, 3), hash("b.c", 0, 1));
	assert_int_not_equal(hash("b.c", 2, 3), hash("b.c", 2, 4));
	assert_int_not_equal(hash("b.c", 2, 4), hash("b.c", 2, 6));
	/* From the second function on, it is the first. */
	assert_int_equal(hash("b.c", 5, 6), hash("b.c", 2, 3));
	assert_int_equal(hash("b.c", 9, 6), hash("b.c", 2, 3));
}

static void numbers_stay_what_baselines_have(void **state)
{
	(void)state;
	scratch_write("c.c", "\tp = malloc(n);\n\tp = malloc(n);");
	assert_int_equal(hash("c.c", 1, 1), 0x13ec);
	assert_int_equal(hash("c.c", 1, 2), 0xfbad);
}

static void what_is_not_there_is_not_known(void **state)
{
	uint16_t value;

	(void)state;
	scratch_write("d.c", "one\n \t\nthree");
	assert_true(source_text_hash(&all, "d.c", 1, 3, &value));
	assert_false(source_text_hash(&all, "d.c", 1, 2, &value));
	assert_false(source_text_hash(&all, "d.c", 1, 0, &value));
	assert_false(source_text_hash(&all, "d.c", 1, 4, &value));
	assert_false(source_text_hash(&all, "absent.c", 1, 1, &value));
	assert_false(source_text_hash(&all, ".", 1, 1, &value));
	assert_false(source_text_hash(&all, "/proc/self/status", 1, 1, &value));
}

static void lines_on_which_nothing_can_be_called_are_quiet(void **state)
{
	static const char *const quiet[] = { "{", "if (a)",
					     "if (!a->b || c < 3)",
					     "if ((a == NULL) || (b[1] != c))",
					     "if (a) /* f() */" };
	static const char *const others[] = { "f();",
					      "if (f(a))",
					      "if (a->f (b))",
					      "if ((*f)(a))",
					      "if (t[1](a))",
					      "if (FAILED)",
					      "if (a) g;",
					      "",
					      "}",
					      "if (a) s = \"f\"",
					      "a = b",
					      "{ f",
					      "while (a)" };

	(void)state;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(*quiet); i++) {
		scratch_write("q.c", quiet[i]);
		assert_true(source_text_is_quiet(&all, "q.c", 1));
		source_text_release(&all);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		scratch_write("q.c", others[i]);
		assert_false(source_text_is_quiet(&all, "q.c", 1));
		source_text_release(&all);
	}
	assert_false(source_text_is_quiet(&all, "gone.c", 1));
}

static void functions_end_where_a_line_begins_with_a_brace(void **state)
{
	bool known;

	(void)state;
	scratch_write("f.c", "f()\n{\n\ta();\n\tif (b) {\n\t}\n\tc();\n}\n"
			     "g()\n{\n\td();\n}\n");
	assert_true(source_text_has(&all, "f.c", 1, hash("f.c", 1, 6), &known));
	assert_true(known);
	assert_false(
	    source_text_has(&all, "f.c", 1, hash("f.c", 8, 10), &known));
	assert_true(known);
	assert_false(source_text_has(&all, "f.c", 99, 1, &known));
	assert_false(known);
}

/* Debug information can name anything. */
static void a_pipe_is_not_waited_for(void **state)
{
	uint16_t value;

	(void)state;
	assert_int_equal(mkfifo("pipe.c", 0600), 0);
	assert_false(source_text_hash(&all, "pipe.c", 1, 1, &value));
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(white_space_does_not_count),
		TEST(comments_do_not_count),
		TEST(a_line_is_told_from_equal_ones_before_it),
		TEST(numbers_stay_what_baselines_have),
		TEST(what_is_not_there_is_not_known),
		TEST(lines_on_which_nothing_can_be_called_are_quiet),
		TEST(functions_end_where_a_line_begins_with_a_brace),
		TEST(a_pipe_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
