/* SPDX-License-Identifier: MIT */
/* Sorted lists: whatever their order and repetitions were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ordered.h"

#define MOST 200

/* Few numbers, so that some come often; the value tells where each was. */
static uint64_t fill(struct ordered *list, uint32_t n, uint32_t range)
{
	uint64_t sum = 0;
	uint32_t x = n * 7 + range;

	for (uint32_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		list[i] = (struct ordered){ x >> 8, i };
		list[i].key %= range;
		sum += list[i].key * (i + 1);
	}
	return sum;
}

static void a_sorted_list_has_what_it_had(void **state)
{
	struct ordered list[MOST];

	(void)state;
	for (uint32_t n = 0; n < MOST; n++) {
		const uint64_t before = fill(list, n, n / 2 + 1);
		uint64_t after = 0;

		ordered_sort(list, n);
		for (uint32_t i = 0; i < n; i++) {
			assert_true(!i || list[i - 1].key <= list[i].key);
			after += list[i].key * (list[i].value + 1);
		}
		assert_int_equal(after, before);
	}
}

static void the_first_from_a_key_on_is_found(void **state)
{
	struct ordered list[MOST];

	(void)state;
	for (uint32_t n = 0; n < MOST; n += 7) {
		fill(list, n, n + 1);
		ordered_sort(list, n);
		for (uint64_t key = 0; key < n + 2; key++) {
			const uint32_t at = ordered_from(list, n, key);

			assert_true(at <= n);
			assert_true(at == n || list[at].key >= key);
			assert_true(!at || list[at - 1].key < key);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sorted_list_has_what_it_had),
		cmocka_unit_test(the_first_from_a_key_on_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
