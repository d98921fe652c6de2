/* SPDX-License-Identifier: MIT */
/* Names with what compilers append, and names with dots of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clones.h"

static void assert_plain(const char *name, const char *plain)
{
	size_t length = clones_plain_length(name);

	assert_int_equal(length, strlen(plain));
	assert_memory_equal(name, plain, length);
}

static void what_compilers_append_is_left_out(void **state)
{
	static const char *const names[] = {
		"leak",
		"leak.constprop.0",
		"leak.isra.0",
		"leak.part.12",
		"leak.cold",
		"leak.cold.3",
		"leak.isra.0.cold",
		"leak.constprop.0.isra.1.part.2",
		"leak.lto_priv.0",
		"leak.lto_priv.0.cold",
		"leak.localalias",
		"leak.localalias.4",
		"leak.llvm.16021137346263417593",
		"leak.__uniq.269226410",
		"leak.__uniq.269226410.llvm.42",
		"leak.0",
		"leak.avx2.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_plain(names[i], "leak");
	assert_plain("_ZN3fooC2Ev.cold", "_ZN3fooC2Ev");
}

static void other_dots_are_the_name_s_own(void **state)
{
	static const char *const names[] = {
		"main.leak",       "leak.",       ".cold", "leak.coldest",
		"leak.cold.warm",  "leak.part.x", "",      ".",
		"leak.constprop0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_plain(names[i], names[i]);
	assert_plain("main.leak.cold", "main.leak");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_compilers_append_is_left_out),
		cmocka_unit_test(other_dots_are_the_name_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
