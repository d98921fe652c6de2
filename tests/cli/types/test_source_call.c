/* SPDX-License-Identifier: MIT */
/* What the text of a call says: the tokens of its type, and what the block's size
 * is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "md5.h"
#include "source_call.h"

static struct source_call called(const char *text, unsigned line,
				 unsigned column, const char *callee)
{
	struct source_call c;

	source_call_read(&c, text, strlen(text), 1, line, column, callee);
	return c;
}

static void says(const char *text, const char *callee, const char *hint,
		 enum source_room room)
{
	const struct source_call c = called(text, 1, 0, callee);

	assert_int_equal(c.count, 1);
	assert_string_equal(c.hints[0].text, hint);
	assert_int_equal(c.hints[0].room, room);
}

static void nothing(const char *text, const char *callee)
{
	assert_int_equal(called(text, 1, 0, callee).count, 0);
}

static void sizes_of_types_and_expressions(void **state)
{
	(void)state;
	says("p = malloc(sizeof(struct x));", NULL, "struct x", SOURCE_ONE);
	says("p = malloc(sizeof *p);", NULL, "* p", SOURCE_ONE);
	says("p = malloc(sizeof p->list[i + 1]);", NULL, "p -> list [ ]",
	     SOURCE_ONE);
	says("p = malloc(sizeof(p)[0]);", NULL, "( p ) [ ]", SOURCE_ONE);
	says("p = calloc(n - 1, sizeof(x_t));", NULL, "x_t", SOURCE_MANY);
	says("p = malloc((n + 1) * sizeof(x_t));", NULL, "x_t", SOURCE_MANY);
	says("p = malloc(sizeof(x_t) + n * sizeof(y_t));", NULL, "x_t",
	     SOURCE_TAIL);
	says("p = malloc(n + sizeof(x_t));", NULL, "x_t", SOURCE_OPEN);
	says("p = malloc(st_add(sizeof(x_t), n));", NULL, "x_t", SOURCE_TAIL);
	nothing("p = g_new0(struct x, 3);", "g_malloc0_n");
	says("p = g_new0(struct x, 3);", "g_new0", "struct x", SOURCE_MANY);
	says("p = new T[3];", "_Znam", "T", SOURCE_MANY);
	says("p = new ns::T(3);", "operator new(unsigned long)", "ns :: T",
	     SOURCE_ONE);
}

static void what_may_mean_anything_says_nothing(void **state)
{
	(void)state;
	nothing("p = malloc(sizeof(x_t) - 1);", NULL);
	nothing("p = malloc(n / sizeof(x_t));", NULL);
	nothing("p = malloc(a ? sizeof(x_t) : sizeof(y_t));", NULL);
	nothing("p = malloc(length_of(sizeof(x_t)));", NULL);
	nothing("p = malloc(24); q = sizeof(x_t);", NULL);
	nothing("p = malloc(24); /* sizeof(x_t) */", NULL);
	nothing("p = f(\"malloc(sizeof(x_t))\");", NULL);
	nothing("p = malloc(sizeof(x_t)", NULL);
	nothing("p = malloc(sizeof(x_t)), malloc(sizeof(y_t));", NULL);
	nothing("p = list_new(8 * sizeof(x_t));", "list_new");
	nothing("p = new vector<T>();", "_Znwm");
	nothing("p = other(sizeof(x_t));", "xmalloc");
}

static void
a_size_of_one_that_anything_is_asked_for_is_that_or_nothing(void **state)
{
	(void)state;
	says("p = list_new(sizeof(x_t));", "list_new", "x_t", SOURCE_ONE);
	says("p = list_new(n, sizeof(x_t));", "list_new", "x_t", SOURCE_ONE);
}

static void a_cast_tells_too(void **state)
{
	const struct source_call c =
	    called("return (struct x **) malloc(n * sizeof(*q));", 1, 0, NULL);

	(void)state;
	assert_int_equal(c.count, 2);
	assert_string_equal(c.hints[1].text, "struct x *");
	says("p = (const x_t *)xmalloc(n);", "xmalloc", "const x_t",
	     SOURCE_CAST);
	nothing("p = f((x_t *), xmalloc(n));", "xmalloc");
}

/* A compiler makes one call of calls whose results go to the same place. */
static void calls_that_may_be_merged_say_nothing(void **state)
{
	static const char *const merged[] = {
		"if (n)\n p = malloc(sizeof(x_t));\nelse\n p = malloc(sizeof(y_t));",
		"if (n)\n return (x_t *)malloc(sizeof(x_t));\nreturn malloc(sizeof(y_t));",
		"p = n ?\n malloc(sizeof(x_t)) :\n malloc(sizeof(y_t));",
	};
	static const char *const apart[] = {
		"if (n)\n p = malloc(sizeof(x_t));\nelse\n q = malloc(sizeof(y_t));",
		"if (n)\n p = malloc(sizeof(x_t));\nelse\n p = malloc(sizeof(x_t));",
		"if (n)\n p = malloc(sizeof(x_t));\nelse\n p = calloc(1, sizeof(y_t));",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(merged) / sizeof(*merged); i++) {
		assert_int_equal(called(merged[i], 2, 0, "malloc").count, 0);
		assert_int_equal(called(apart[i], 2, 0, "malloc").count, 1);
	}
}

/* The word at the column is the call, or around it only. */
static void the_column_and_the_statement_rule_calls_out(void **state)
{
	static const char next[] = "p = NEW(x_t);\nq = malloc(sizeof(y_t));";
	static const char choice[] = "f(n ? SWAP : malloc(sizeof(x_t)));";

	(void)state;
	assert_int_equal(called(next, 1, 5, "malloc").count, 0);
	assert_int_equal(called(choice, 1, 7, "malloc").count, 0);
	assert_int_equal(called(choice, 1, 14, "malloc").count, 1);
}

/* What is first in memory is a length, or what is added at the end. */
static void numbers_and_what_comes_last_name_no_type(void **state)
{
	(void)state;
	nothing("p = malloc(n * sizeof(x_t) + sizeof(y_t));", "malloc");
	nothing("p = entry_alloc(&id, sizeof(id));", "entry_alloc");
}

static void a_statement_has_several_lines_or_a_line_several(void **state)
{
	static const char many[] = "p =\n  malloc( // (\n"
				   "    sizeof(x_t)\n  );\n";
	static const char parts[] = "p = malloc(\n#ifdef A\nsizeof(x_t)\n"
				    "#else\nsizeof(y_t)\n#endif\n);\n";
	static const char two[] =
	    "a = malloc(sizeof(x_t)); b = malloc(sizeof(y_t));";
	static const char macro[] = "f(n, ALLOC(sizeof(x_t)), s->get(1));";
	static const char hook[] = "p = s->get(sizeof(x_t));";
	struct source_call c;

	(void)state;
	for (unsigned line = 1; line <= 4; line++)
		assert_int_equal(called(many, line, 0, NULL).count, 1);
	for (unsigned line = 1; line <= 7; line++)
		assert_int_equal(called(parts, line, 0, NULL).count, 0);
	assert_int_equal(called(two, 1, 0, NULL).count, 0);
	c = called(two, 1, 30, NULL);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.hints[0].text, "y_t");
	assert_int_equal(called(macro, 1, 0, "x").count, 0);
	assert_int_equal(called(macro, 1, 6, "x").count, 1);
	assert_int_equal(called(hook, 1, 5, "pool_get").count, 1);
}

static void the_text_may_begin_in_a_comment(void **state)
{
	static const char text[] = "malloc(sizeof(y_t));\n */ p = "
				   "malloc(sizeof(x_t));";

	(void)state;
	assert_int_equal(called(text, 1, 0, NULL).count, 0);
	assert_int_equal(called(text, 2, 0, NULL).count, 1);
}

static void sums_are_md5(void **state)
{
	static const unsigned char empty[] = "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04"
					     "\xe9\x80\x09\x98\xec\xf8\x42\x7e";
	static const unsigned char digits[] =
	    "\x57\xed\xf4\xa2\x2b\xe3\xc9\x55"
	    "\xac\x49\xda\x2e\x21\x07\xb6\x7a";
	static const char text[] = "1234567890123456789012345678901234567890123"
				   "4567890123456789012345678901234567890";
	unsigned char sum[MD5_SIZE];

	(void)state;
	md5(sum, "", 0);
	assert_memory_equal(sum, empty, MD5_SIZE);
	md5(sum, text, 80);
	assert_memory_equal(sum, digits, MD5_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_of_types_and_expressions),
		cmocka_unit_test(what_may_mean_anything_says_nothing),
		cmocka_unit_test(
		    a_size_of_one_that_anything_is_asked_for_is_that_or_nothing),
		cmocka_unit_test(a_cast_tells_too),
		cmocka_unit_test(calls_that_may_be_merged_say_nothing),
		cmocka_unit_test(the_column_and_the_statement_rule_calls_out),
		cmocka_unit_test(numbers_and_what_comes_last_name_no_type),
		cmocka_unit_test(
		    a_statement_has_several_lines_or_a_line_several),
		cmocka_unit_test(the_text_may_begin_in_a_comment),
		cmocka_unit_test(sums_are_md5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
