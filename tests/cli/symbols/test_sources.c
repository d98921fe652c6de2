/* SPDX-License-Identifier: MIT */
/* Paths as debug information has them, made straight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "die.h"
#include "scratch.h"
#include "sources.h"

static void assert_straight(const char *path, const char *expected)
{
	char *straight = sources_straight(xstrdup(path));

	assert_string_equal(straight, expected);
	free(straight);
}

static void what_is_straight_stays(void **state)
{
	(void)state;
	assert_null(sources_straight(NULL));
	assert_straight("", "");
	assert_straight("x.c", "x.c");
	assert_straight("/src/lib/x.c", "/src/lib/x.c");
	assert_straight("/src/lib./x.c", "/src/lib./x.c");
}

static void dots_go_by_the_text_where_nothing_is_there(void **state)
{
	(void)state;
	assert_straight("/absent/build/../lib/./x.c", "/absent/lib/x.c");
	assert_straight("/absent//x.c", "/absent/x.c");
	assert_straight("/../../absent/x.c", "/absent/x.c");
	assert_straight("/absent/a../b..c/../x.c", "/absent/a../x.c");
	assert_straight("./x.c", "x.c");
	assert_straight("build/../lib/x.c", "lib/x.c");
	assert_straight("build/../../x.c", "../x.c");
	assert_straight("../../sysdeps/x.h", "../../sysdeps/x.h");
}

/* Of a link to a directory, ".." is above what it leads to. */
static void a_file_that_is_there_is_where_links_lead(void **state)
{
	char *here = getcwd(NULL, 0), *path, *expected;

	(void)state;
	scratch_run(
	    "mkdir -p real/deep && touch real/x.c && ln -s real/deep l");
	path = xasprintf("%s/l/../x.c", here);
	expected = xasprintf("%s/real/x.c", here);
	assert_straight(path, expected);
	free(expected);
	free(path);
	free(here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_straight_stays),
		cmocka_unit_test(dots_go_by_the_text_where_nothing_is_there),
		cmocka_unit_test(a_file_that_is_there_is_where_links_lead),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
