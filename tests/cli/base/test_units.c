/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "units.h"

static void bytes_have_one_decimal_and_a_binary_unit(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1228, "1.2 KiB" },
		{ 1075, "1.0 KiB" },
		{ 1076, "1.1 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" }, /* not 1024.0 KiB */
		{ 1024 * 1023 + 900, "1023.9 KiB" },
		{ 1ull << 30, "1.0 GiB" },
		{ 5ull << 40, "5.0 TiB" },
		{ 1ull << 50, "1.0 PiB" },
		{ UINT64_MAX, "16384.0 PiB" },
	};
	char text[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(units_bytes(text, rows[i].bytes),
				    rows[i].text);
}

static void two_that_differ_never_look_equal(void **state)
{
	char a[UNITS_SIZE], b[UNITS_SIZE];

	(void)state;
	units_both(a, 2048, b, 4096);
	assert_string_equal(a, "2.0 KiB");
	assert_string_equal(b, "4.0 KiB");
	units_both(a, 2048, b, 2049);
	assert_string_equal(a, "2048 B");
	assert_string_equal(b, "2049 B");
	units_both(a, 2048, b, 2048);
	assert_string_equal(a, "2.0 KiB");
	assert_string_equal(b, "2.0 KiB");
}

static void changes_have_a_sign(void **state)
{
	char text[UNITS_SIZE];

	(void)state;
	assert_string_equal(units_change(text, 0), "0 B");
	assert_string_equal(units_change(text, 1), "+1 B");
	assert_string_equal(units_change(text, -1024), "-1.0 KiB");
	assert_string_equal(units_change(text, INT64_MIN), "-8192.0 PiB");
}

static void one_takes_no_s(void **state)
{
	char text[UNITS_SIZE];

	(void)state;
	assert_string_equal(units_count(text, 0, "leak"), "0 leaks");
	assert_string_equal(units_count(text, 1, "leak"), "1 leak");
	assert_string_equal(units_count(text, 2, "leak"), "2 leaks");
	assert_string_equal(units_count(text, UINT64_MAX, "finding"),
			    "18446744073709551615 findings");
}

static void signals_have_names_if_the_system_knows_them(void **state)
{
	(void)state;
	assert_string_equal(units_signal(1), "Hangup");
	assert_string_equal(units_signal(11), "Segmentation fault");
	assert_string_equal(units_signal(31), "Bad system call");
	assert_string_equal(units_signal(0), "unknown");
	assert_string_equal(units_signal(40), "unknown");
}

static void times_change_their_unit_with_their_size(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0 s" },
		{ 999, "999 ns" },
		{ 1000, "1.0 us" },
		{ 999949, "999.9 us" },
		{ 999950, "1.0 ms" },
		{ 1234567, "1.2 ms" },
		{ 999950000, "1.0 s" },
		{ 59940000000, "59.9 s" },
		{ 60000000000, "1 min 0 s" },
		{ 125000000000, "2 min 5 s" },
		{ 11040000000000, "3 h 4 min" },
	};
	char text[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(units_time(text, rows[i].ns), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_one_decimal_and_a_binary_unit),
		cmocka_unit_test(two_that_differ_never_look_equal),
		cmocka_unit_test(changes_have_a_sign),
		cmocka_unit_test(one_takes_no_s),
		cmocka_unit_test(signals_have_names_if_the_system_knows_them),
		cmocka_unit_test(times_change_their_unit_with_their_size),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
