/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "columns.h"

#define MOST 1100 /* records: several tiles */

static unsigned char records[MOST * 136], columns[sizeof(records)],
    again[sizeof(records)];

static void check(size_t count, size_t size)
{
	memset(columns, 0xee, sizeof(columns));
	memset(again, 0xee, sizeof(again));
	columns_split(records, count, size, columns);
	columns_join(columns, count, size, again);
	for (size_t i = 0; i < count; i++)
		for (size_t b = 0; b < size; b++)
			assert_int_equal(columns[b * count + i],
					 records[i * size + b]);
	assert_memory_equal(again, records, count * size);
	if (count * size < sizeof(columns)) {
		assert_int_equal(columns[count * size], 0xee);
		assert_int_equal(again[count * size], 0xee);
	}
}

static void each_byte_is_in_its_column(void **state)
{
	static const size_t sizes[] = {
		1, 7, 8, 12, 16, 24, 32, 40, 64, 136,
	};
	static const size_t counts[] = {
		0, 1, 7, 8, 9, 127, 128, 129, 512, MOST,
	};

	(void)state;
	srandom(1);
	for (size_t i = 0; i < sizeof(records); i++)
		records[i] = (unsigned char)random();
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++)
			check(counts[c], sizes[s]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_is_in_its_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
