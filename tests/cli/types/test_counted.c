/* SPDX-License-Identifier: MIT */
/* Which classes count references, by their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counted.h"

#define POLICY "(__gnu_cxx::_Lock_policy)2"

static void assert_class(const char *name, enum counted_kind kind,
			 const char *value)
{
	const char *found;
	size_t length;

	assert_int_equal(counted_class(name, &found, &length), kind);
	if (!value) {
		assert_null(found);
		return;
	}
	assert_int_equal(length, strlen(value));
	assert_memory_equal(found, value, length);
}

static void classes_with_counts_are_known(void **state)
{
	(void)state;
	assert_class(
	    "std::_Sp_counted_ptr_inplace<Parent, std::allocator<void>, " POLICY
	    ">",
	    COUNTED_SHARED_PTR, "Parent");
	assert_class("std::_Sp_counted_ptr<Parent*, " POLICY ">",
		     COUNTED_SHARED_PTR, NULL);
	assert_class("std::_Sp_counted_deleter<_IO_FILE*, int (*)(_IO_FILE*), "
		     "std::allocator<void>, " POLICY ">",
		     COUNTED_SHARED_PTR, NULL);
	assert_class(
	    "std::__1::__shared_ptr_emplace<A, std::__1::allocator<A> >",
	    COUNTED_SHARED_PTR_1, "A");
	assert_class("alloc::rc::RcInner<app::Node>", COUNTED_RC, "app::Node");
	assert_class("alloc::sync::ArcInner<std::sync::Mutex<u8>>", COUNTED_RC,
		     "std::sync::Mutex<u8>");
}

static void other_classes_are_not(void **state)
{
	(void)state;
	assert_class("Parent", COUNTED_NOTHING, NULL);
	assert_class("std::shared_ptr<Parent>", COUNTED_NOTHING, NULL);
	assert_class("std::_Sp_counted_base<" POLICY ">", COUNTED_NOTHING,
		     NULL);
	assert_class("app::std::_Sp_counted_ptr<Parent*>", COUNTED_NOTHING,
		     NULL);
	assert_class("", COUNTED_NOTHING, NULL);
}

static void the_value_ends_with_its_argument(void **state)
{
	(void)state;
	assert_class("std::_Sp_counted_ptr_inplace<std::map<int, A<(B)1> >, X>",
		     COUNTED_SHARED_PTR, "std::map<int, A<(B)1> >");
	assert_class("std::_Sp_counted_ptr_inplace<A<(1>2)>, X>",
		     COUNTED_SHARED_PTR, "A<(1>2)>");
	assert_class("std::_Sp_counted_ptr_inplace<main::{lambda(int, int)#1}, "
		     "X>",
		     COUNTED_SHARED_PTR, "main::{lambda(int, int)#1}");
	assert_class("alloc::rc::RcBox<A >", COUNTED_RC, "A");
	/* What is cut. */
	assert_class("alloc::rc::RcBox<", COUNTED_RC, NULL);
	assert_class("alloc::rc::RcBox<>", COUNTED_RC, NULL);
	assert_class("alloc::rc::RcBox<A<B", COUNTED_RC, "A<B");
}

static void compilers_spell_one_class_in_two_ways(void **state)
{
	char *spelled = counted_spelled("std::_Sp_counted_ptr<A*, " POLICY ">");

	(void)state;
	assert_string_equal(spelled,
			    "std::_Sp_counted_ptr<A *, __gnu_cxx::_S_atomic>");
	free(spelled);
	spelled = counted_spelled("x<A**, (__gnu_cxx::_Lock_policy)7>");
	assert_string_equal(spelled, "x<A **, (__gnu_cxx::_Lock_policy)7>");
	free(spelled);
	assert_true(counted_is_same_class(
	    "std::_Sp_counted_ptr_inplace<A, std::allocator<void>, " POLICY ">",
	    "std::_Sp_counted_ptr_inplace<A, std::allocator<void>, "
	    "__gnu_cxx::_S_atomic>"));
	assert_false(counted_is_same_class(
	    "std::_Sp_counted_ptr_inplace<A, " POLICY ">",
	    "std::_Sp_counted_ptr_inplace<AB, " POLICY ">"));
	assert_false(
	    counted_is_same_class("std::_Sp_counted_ptr_inplace<A, " POLICY ">",
				  "std::_Sp_counted_ptr<A, " POLICY ">"));
	assert_false(counted_is_same_class("A<B>", "A<B>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_with_counts_are_known),
		cmocka_unit_test(other_classes_are_not),
		cmocka_unit_test(the_value_ends_with_its_argument),
		cmocka_unit_test(compilers_spell_one_class_in_two_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
