/* SPDX-License-Identifier: MIT */
/* Mangled names as people read them: what compilers made, and what nobody did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plain_name.h"

struct expected {
	const char *symbol, *shown, *full;
	bool library;
};

static void assert_names(const struct expected *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct plain_name n;

		assert_true(plain_name_may_differ(e[i].symbol));
		assert_true(plain_name_read(e[i].symbol, &n));
		assert_string_equal(n.shown, e[i].shown);
		assert_string_equal(n.full, e[i].full ? e[i].full : e[i].shown);
		assert_int_equal(n.library, e[i].library);
		free(n.shown);
		free(n.full);
	}
}
#define ASSERT_NAMES(list) assert_names(list, sizeof(list) / sizeof(*(list)))

static void cplus_has_no_parameters_and_short_arguments(void **state)
{
	static const struct expected names[] = {
		{ "_ZN2ns5leakyEPKc", "ns::leaky", "ns::leaky(char const*)",
		  false },
		{ "_ZNK2ns4Pool3getEi", "ns::Pool::get",
		  "ns::Pool::get(int) const", false },
		{ "_ZN2ns5KlassINS_4ItemEE4makeEi", "ns::Klass<ns::Item>::make",
		  "ns::Klass<ns::Item>::make(int)", false },
		{ "_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()",
		  "main::{lambda(int)#1}::operator()(int) const", false },
		{ "_ZN2ns12_GLOBAL__N_16HiddenC2Ev",
		  "ns::(anonymous namespace)::Hidden::Hidden",
		  "ns::(anonymous namespace)::Hidden::Hidden()", false },
		{ "_ZN2nslsERSoi", "ns::operator<<",
		  "ns::operator<<(std::ostream&, int)", false },
		{ "_Z3addI1AS0_EvT_T0_", "add<A, A>", "void add<A, A>(A, A)",
		  false },
		{ "_ZN2ns4copyEv.isra.0", "ns::copy",
		  "ns::copy() [clone .isra.0]", false },
		{ "_GLOBAL__sub_I__ZN2ns5leakyEi",
		  "static initializers (ns::leaky)",
		  "static initializers (ns::leaky(int))", false },
		{ "_ZN2ns5cacheE", "ns::cache", NULL, false },
		{ "_ZTVN2ns4PoolE", "vtable for ns::Pool", NULL, false },
		{ "_ZNSo5flushEv@@GLIBCXX_3.4", "std::ostream::flush",
		  "std::ostream::flush()", true },
	};

	(void)state;
	ASSERT_NAMES(names);
}

static void
the_library_of_cplus_is_known_and_its_defaults_are_not_shown(void **state)
{
	static const struct expected names[] = {
		{ "_Znwm", "operator new", "operator new(unsigned long)",
		  true },
		{ "_Znam", "operator new[]", "operator new[](unsigned long)",
		  true },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
		  "std::vector<int>::push_back",
		  "std::vector<int, std::allocator<int> >::push_back(int const&)",
		  true },
		{ "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm",
		  "std::string::_M_create",
		  "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::_M_create(unsigned long&, unsigned long)",
		  true },
		{ "_ZN9__gnu_cxx13new_allocatorIiE8allocateEmPKv",
		  "__gnu_cxx::new_allocator<int>::allocate",
		  "__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)",
		  true },
		{ "_ZNSt23_Sp_counted_ptr_inplaceIN2ns4ItemESaIvELN9__gnu_cxx12_Lock_policyE2EE10_M_disposeEv",
		  "std::_Sp_counted_ptr_inplace<ns::Item>::_M_dispose",
		  "std::_Sp_counted_ptr_inplace<ns::Item, std::allocator<void>, (__gnu_cxx::_Lock_policy)2>::_M_dispose()",
		  true },
		/* Somebody's, whatever it is called. */
		{ "_ZN4core3Map3addEv", "core::Map::add", "core::Map::add()",
		  false },
	};

	(void)state;
	ASSERT_NAMES(names);
}

static void rust_has_no_hash_and_its_library_is_known(void **state)
{
	static const struct expected names[] = {
		{ "_ZN1r5inner8leak_vec17hc2cf453a668cbe36E",
		  "r::inner::leak_vec", NULL, false },
		{ "_ZN1r4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
		  "r::main::{{closure}}", NULL, false },
		{ "_ZN5alloc5alloc5alloc17hd6ab53acaea788b7E",
		  "alloc::alloc::alloc", NULL, true },
		{ "_ZN63_$LT$alloc..alloc..Global$u20$as$u20$core..alloc..Allocator$GT$8allocate17hd3d5a39a7d9f4181E",
		  "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
		  NULL, true },
		{ "_ZN46_$LT$r..Node$u20$as$u20$core..clone..Clone$GT$5clone17h0123456789abcdefE",
		  "<r::Node as core::clone::Clone>::clone", NULL, false },
		{ "_RNvCs6GmmlP4bgsG_1r5cycle", "r::cycle", NULL, false },
		{ "_RNvMNtCslNYArtu3iFV_5alloc5allocNtB2_6Global10alloc_impl",
		  "<alloc::alloc::Global>::alloc_impl", NULL, true },
		{ "_RNvNtCslNYArtu3iFV_5alloc5alloc5alloc",
		  "alloc::alloc::alloc", NULL, true },
		{ "_RNvMs3_NtCslNYArtu3iFV_5alloc7raw_vecINtB5_6RawVecmE8grow_oneCs6GmmlP4bgsG_1r",
		  "<alloc::raw_vec::RawVec<u32>>::grow_one", NULL, true },
		{ "_RINvNtNtCsjrHSEGnQ3l9_3std3sys9backtrace28___rust_begin_short_backtraceFEuuECs6GmmlP4bgsG_1r",
		  "std::sys::backtrace::__rust_begin_short_backtrace::<fn(), ()>",
		  NULL, true },
	};

	(void)state;
	ASSERT_NAMES(names);
}

static void names_of_c_stay(void **state)
{
	static const char *const names[] = {
		"",
		"main",
		"_start",
		"_Zoom_init",
		"_Recv",
		"_R",
		"_Z",
		"_GLOBAL_OFFSET_TABLE_",
		"_GLOBAL__sub_",
		"_GLOBAL__sub_I_a",
		"_GLOBAL__sub_I_",
		"_ZN",
		"_ZN5a",
		"__Znwm",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct plain_name n;
		char *shown = plain_name_shown(names[i]);

		assert_false(plain_name_read(names[i], &n));
		assert_null(n.shown);
		assert_string_equal(shown, names[i]);
		free(shown);
	}
	assert_false(plain_name_may_differ("main"));
	assert_false(plain_name_may_differ("_start"));
}

/* Doubles with each letter, so that nothing could hold it; is nested deeper than
 * anything; is longer than anything is read. */
static void what_nobody_wrote_ends(void **state)
{
	char doubling[512] = "_Z1fI1AIiiE", deep[1 << 14], *at;
	struct plain_name n;

	(void)state;
	at = doubling + strlen(doubling);
	for (int i = 0; i < 30; i++)
		at += snprintf(at, 16, "S%.*s_IS%.*s_S%.*s_E", i > 0, "0",
			       i > 0, "0", i > 0, "0");
	strcpy(at, "EvT_");
	if (plain_name_read(doubling, &n)) {
		assert_true(strlen(n.full) < 1 << 15);
		free(n.shown);
		free(n.full);
	}
	for (size_t size = 64; size < sizeof(deep); size *= 2) {
		strcpy(deep, "_Z1fI");
		memset(deep + 5, 'P', size - 16);
		strcpy(deep + size - 11, "iEvv");
		if (!plain_name_read(deep, &n))
			continue;
		assert_memory_not_equal(n.shown, "_Z", 2);
		free(n.shown);
		free(n.full);
	}
	strcpy(deep, "_ZN2ns");
	for (at = deep + 6; at < deep + 8000; at += 7)
		strcpy(at, "6nested");
	strcpy(at, "E");
	assert_true(plain_name_read(deep, &n));
	assert_memory_equal(n.shown, "ns::nested::nested::", 20);
	assert_string_equal(n.shown + strlen(n.shown) - 5, "::...");
	free(n.shown);
	free(n.full);
}

static void debug_information_s_names_are_shortened(void **state)
{
	struct plain_name n;

	(void)state;
	plain_name_shorten(
	    "std::thread::thread<main(int, char**)::<lambda()> >", &n);
	assert_string_equal(n.shown, "std::thread::thread<...>");
	assert_true(n.library);
	free(n.shown);
	free(n.full);
	plain_name_shorten("main::{lambda}::operator()", &n);
	assert_string_equal(n.shown, "main::{lambda}::operator()");
	assert_string_equal(n.full, n.shown);
	assert_false(n.library);
	free(n.shown);
	free(n.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cplus_has_no_parameters_and_short_arguments),
		cmocka_unit_test(
		    the_library_of_cplus_is_known_and_its_defaults_are_not_shown),
		cmocka_unit_test(rust_has_no_hash_and_its_library_is_known),
		cmocka_unit_test(names_of_c_stay),
		cmocka_unit_test(what_nobody_wrote_ends),
		cmocka_unit_test(debug_information_s_names_are_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
