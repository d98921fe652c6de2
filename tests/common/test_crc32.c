/* SPDX-License-Identifier: MIT */
/* The sum that every chunk carries, against published and slow values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crc32.h"

/* Bit by bit, as the definition has it. */
static uint32_t slow(uint32_t crc, const unsigned char *p, size_t size)
{
	crc = ~crc;
	for (; size; size--, p++) {
		crc ^= *p;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void check_value_is_the_published_one(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
}

static void nothing_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, "", 0), 0);
	assert_int_equal(crc32_update(0x12345678, "", 0), 0x12345678);
}

/* Each bit of each table is used in one of these. */
static void every_length_and_bit_agrees_with_the_definition(void **state)
{
	unsigned char data[40];

	(void)state;
	for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
		memset(data, 0, sizeof(data));
		data[bit / 8] = (unsigned char)(1 << bit % 8);
		for (size_t size = 0; size <= sizeof(data); size++)
			assert_int_equal(crc32_update(5, data, size),
					 slow(5, data, size));
	}
}

static void parts_give_the_sum_of_the_whole(void **state)
{
	unsigned char data[257];
	uint32_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 31);
	whole = crc32_update(0, data, sizeof(data));
	for (size_t i = 0; i <= sizeof(data); i++)
		assert_int_equal(crc32_update(crc32_update(0, data, i),
					      data + i, sizeof(data) - i),
				 whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_value_is_the_published_one),
		cmocka_unit_test(nothing_changes_nothing),
		cmocka_unit_test(
		    every_length_and_bit_agrees_with_the_definition),
		cmocka_unit_test(parts_give_the_sum_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
