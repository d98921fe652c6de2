/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "root_path.h"
#include "scratch.h"

static void assert_path(const char *root, const char *path, const char *where)
{
	char *found = root_path(root, path);

	if (where)
		assert_string_equal(found, where);
	else
		assert_null(found);
	free(found);
}

static void without_a_root_a_path_is_what_it_is(void **state)
{
	(void)state;
	assert_path(NULL, "/a/../b", "/a/../b");
	assert_path(NULL, "", "");
	assert_path("/", "/a/b", "/a/b");
	assert_path("/", "/", "");
}

static void paths_stay_inside(void **state)
{
	(void)state;
	scratch_run("mkdir -p r/usr/lib r/etc");
	assert_path("r", "/usr/lib/x", "r/usr/lib/x");
	assert_path("r//", "//usr/./lib//x/", "r/usr/lib/x");
	assert_path("r", "usr/none/x", "r/usr/none/x");
	assert_path("r", "/../../usr/../../etc/x", "r/etc/x");
	assert_path("r", "/", "r");
	assert_path("r", "/..", "r");
}

static void links_lead_to_what_is_inside(void **state)
{
	(void)state;
	scratch_run(
	    "mkdir -p l/usr/lib && ln -s usr/lib l/lib && "
	    "ln -s /usr l/absolute && ln -s ../../../../usr l/usr/up && "
	    "ln -s x.1 l/usr/lib/x && ln -s /none l/gone && "
	    "ln -s l root && ln -s self l/self && "
	    "ln -s b l/a && ln -s /a l/b");
	assert_path("l", "/lib/y", "l/usr/lib/y");
	assert_path("l", "/lib/x", "l/usr/lib/x.1");
	assert_path("l", "/absolute/lib/y", "l/usr/lib/y");
	assert_path("l", "/absolute/up/lib/x", "l/usr/lib/x.1");
	assert_path("l", "/lib/../y", "l/usr/y");
	assert_path("l", "/gone/y", "l/none/y");
	/* The root itself may be a link. */
	assert_path("root", "/lib/../..", "root");
	assert_path("l", "/self", NULL);
	assert_path("l", "/a/x", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_root_a_path_is_what_it_is),
		cmocka_unit_test(paths_stay_inside),
		cmocka_unit_test(links_lead_to_what_is_inside),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
