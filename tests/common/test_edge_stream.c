/* SPDX-License-Identifier: MIT */
/* Edges as a live store has them: what was put in comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edge_stream.h"

static const uint32_t numbers[] = {
	0,
	1,
	2,
	127,
	128,
	255,
	256,
	65535,
	65536,
	1u << 24,
	UINT32_MAX / 2,
	1u << 31,
	RKN_NONE - 1,
	RKN_SEE_WIDE,
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Writes `e` behind `last` and reads it again; the bytes that it takes. */
static size_t check(const struct rkn_edge *last, const struct rkn_edge *e)
{
	uint8_t bytes[2 * EDGE_STREAM_MOST] = { 0 };
	const uint8_t *end = edge_stream_put(bytes, last, e);
	struct rkn_edge got = *last;

	assert_true(end > bytes && end <= bytes + EDGE_STREAM_MOST);
	assert_int_equal(bytes[EDGE_STREAM_MOST], 0);
	assert_ptr_equal(edge_stream_take(bytes, &got), end);
	assert_memory_equal(&got, e, sizeof(got));
	return (size_t)(end - bytes);
}

static void any_edge_follows_any_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS * NUMBERS * NUMBERS; i++) {
		const uint32_t a = numbers[i % NUMBERS];
		const uint32_t b = numbers[i / NUMBERS % NUMBERS];
		const uint32_t c = numbers[i / NUMBERS / NUMBERS];

		check(&EDGE_STREAM_START, &(struct rkn_edge){ a, b, c, a });
		check(&(struct rkn_edge){ a, b, c, b },
		      &(struct rkn_edge){ a, c, b, c });
		check(&(struct rkn_edge){ a, a, b, c },
		      &(struct rkn_edge){ b, c, a, b });
	}
}

static void near_pointers_are_short(void **state)
{
	(void)state;
	assert_int_equal(check(&EDGE_STREAM_START, &(struct rkn_edge){ 0 }), 1);
	/* The next word; the next block; a block before. */
	assert_int_equal(check(&(struct rkn_edge){ 7, 8, 3, 0 },
			       &(struct rkn_edge){ 7, 9, 4, 0 }),
			 2);
	assert_int_equal(check(&(struct rkn_edge){ 7, 9, 4, 0 },
			       &(struct rkn_edge){ 8, 7, 0, 0 }),
			 3);
	assert_int_equal(check(&(struct rkn_edge){ 7, 9, 4, 0 },
			       &(struct rkn_edge){ 7, 300, 6, 300 }),
			 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_edge_follows_any_other),
		cmocka_unit_test(near_pointers_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
