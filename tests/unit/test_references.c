/* SPDX-License-Identifier: MIT */
/* Judgements on objects whose references are known by construction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "findings.h"
#include "scene.h"

static struct scene s;
static struct findings f;
static uint32_t in_a; /* a stack */

static int setup(void **state)
{
	(void)state;
	scene_init(&s);
	in_a = scene_in(&s, "a");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	findings_release(&f);
	return 0;
}

/* A block that is an object with `count` references; the object's number,
 * which is one more than the block's while no others are made. */
static uint32_t add(const char *type, int64_t count)
{
	return scene_object(&s, scene_block(&s, in_a, 64), 0, type, count);
}

/* The same, with a root word that points to it. */
static uint32_t add_used(const char *type, int64_t count)
{
	uint32_t o = add(type, count);

	scene_root(&s, s.objects[o].block, 0);
	return o;
}

static void judge(void)
{
	findings_make(&f, &s.m, &s.symbols);
}

static void expect(size_t i, enum finding_kind kind, uint64_t objects,
		   uint64_t bytes, uint64_t references)
{
	assert_true(i < f.count);
	assert_int_equal(f.list[i].kind, kind);
	assert_int_equal(f.list[i].objects, objects);
	assert_int_equal(f.list[i].bytes, bytes);
	assert_int_equal(f.list[i].references, references);
}

static void expect_only(enum finding_kind kind, uint64_t objects,
			uint64_t bytes, uint64_t references)
{
	judge();
	assert_int_equal(f.count, 1);
	expect(0, kind, objects, bytes, references);
}

static void expect_nothing(void)
{
	judge();
	assert_int_equal(f.count, 0);
}

/* --- Counts against pointers ------------------------------------------------ */

static void a_count_above_the_pointers_is_over_retained(void **state)
{
	(void)state;
	add_used("Cached", 3);
	expect_only(FINDING_OVER, 1, 64, 2);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "high");
}

static void a_declared_root_may_hold_any_number_of_references(void **state)
{
	(void)state;
	add("Registered", 3);
	scene_declared_root(&s, 0);
	expect_nothing();
}

static void a_pointer_into_itself_holds_nothing(void **state)
{
	uint32_t o;

	(void)state;
	o = add_used("Text", 2);
	scene_edge(&s, s.objects[o].block, 8, s.objects[o].block, 24);
	expect_only(FINDING_OVER, 1, 64, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_count_above_the_pointers_is_over_retained),
		TEST(a_declared_root_may_hold_any_number_of_references),
		TEST(a_pointer_into_itself_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
