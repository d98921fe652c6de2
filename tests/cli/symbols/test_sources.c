/* SPDX-License-Identifier: MIT */
/* Paths as debug information has them, made straight. */
#include <errno.h>
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

static void assert_within(const struct sources *s, const char *file,
			  const char *expected)
{
	char *path = sources_within(s, file);

	if (expected)
		assert_string_equal(path, expected);
	else
		assert_null(path);
	free(path);
}

/* Names that begin alike, or are as long, are others. */
static void only_what_is_below_the_root_is_within(void **state)
{
	struct sources *s;
	char *path;

	(void)state;
	scratch_run("mkdir -p root/sub rooted r00t && touch root/a.c "
		    "root/sub/b.c rooted/a.c r00t/a.c && ln -s ../r00t root/l");
	s = sources_open("root");
	assert_non_null(s);
	assert_within(s, "a.c", "a.c");
	assert_within(s, "sub/b.c", "sub/b.c");
	assert_within(s, "sub/.././a.c", "a.c");
	assert_within(s, "absent.c", NULL);
	assert_within(s, "../rooted/a.c", NULL);
	assert_within(s, "../r00t/a.c", NULL);
	assert_within(s, "l/a.c", NULL);
	assert_within(s, ".", NULL);
	assert_within(s, "", NULL);
	assert_within(s, NULL, NULL);
	path = xasprintf("%s/sub/b.c", sources_root(s));
	assert_within(s, path, "sub/b.c");
	free(path);
	sources_close(s);
	s = sources_open("/");
	assert_within(s, "/dev/null", "dev/null");
	assert_within(s, "dev/null", "dev/null");
	sources_close(s);
	sources_close(NULL);
}

static void a_root_is_a_directory(void **state)
{
	(void)state;
	scratch_run("touch file");
	errno = 0;
	assert_null(sources_open("file"));
	assert_int_equal(errno, ENOTDIR);
	assert_null(sources_open("absent"));
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_straight_stays),
		cmocka_unit_test(dots_go_by_the_text_where_nothing_is_there),
		cmocka_unit_test(a_file_that_is_there_is_where_links_lead),
		cmocka_unit_test(only_what_is_below_the_root_is_within),
		cmocka_unit_test(a_root_is_a_directory),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
