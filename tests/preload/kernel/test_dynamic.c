/* SPDX-License-Identifier: MIT */
/* The symbols of loaded modules, beside what the loader says of them. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/single_threaded.h>

#include <cmocka.h>

#include "dynamic.h"
#include "image.h"
#include "libc.h"

static void open_libc(struct dynamic *d)
{
	assert_non_null(dynamic_libc());
	assert_true(dynamic_is_named(dynamic_libc(), "libc.so.6"));
	assert_true(dynamic_read(d, dynamic_libc()));
}

static void each_symbol_is_where_the_loader_has_it(void **state)
{
	static const char *const names[] = { "malloc",  "__libc_free",
					     "cfree",   "aligned_alloc",
					     "environ", "dlsym" };
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	struct dynamic d;

	(void)state;
	open_libc(&d);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const ElfW(Sym) *s = dynamic_find(&d, names[i]);
		void *there = dlsym(libc, names[i]);

		if (!there) /* an old version only, which dlsym() hides */
			there = dlvsym(libc, names[i], "GLIBC_2.2.5");
		assert_non_null(s);
		assert_ptr_equal((void *)(uintptr_t)(d.base + s->st_value),
				 there);
	}
	dlclose(libc);
}

static void what_is_not_defined_is_not_found(void **state)
{
	static const char *const names[] = { "", "mallo", "malloc2",
					     "__tls_get_addr", "main" };
	struct dynamic d;

	(void)state;
	open_libc(&d);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_null(dynamic_find(&d, names[i]));
}

static void the_kernels_own_module_can_be_read(void **state)
{
	const struct link_map *map = _r_debug.r_map;
	struct dynamic d;

	(void)state;
	while (map && !dynamic_is_named(map, "linux-vdso"))
		map = map->l_next;
	if (!map || !dynamic_read(&d, map))
		skip();
	assert_null(dynamic_find(&d, "malloc"));
	assert_int_equal(d.call_count, 0);
}

static const char *name_of(const struct dynamic *d, const ElfW(Rela) * r)
{
	return d->texts + d->symbols[ELF64_R_SYM(r->r_info)].st_name;
}

static void what_a_module_takes_from_others_has_a_name(void **state)
{
	struct dynamic d;
	int found = 0;

	(void)state;
	assert_true(dynamic_read(&d, _r_debug.r_map));
	for (size_t i = 0; i < d.call_count; i++)
		found += strcmp(name_of(&d, &d.calls[i]), "dlvsym") == 0;
	for (size_t i = 0; i < d.data_count; i++)
		found += strcmp(name_of(&d, &d.data[i]), "dlvsym") == 0;
	assert_int_equal(found, 1);
}

static void what_comes_next_is_what_the_loader_says(void **state)
{
	static const char *const names[] = { "malloc",  "fork", "posix_spawn",
					     "environ", "sin",  "__libc_free" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_ptr_equal(dynamic_next(names[i]),
				 dlsym(RTLD_NEXT, names[i]));
	assert_null(dynamic_next("main"));
	assert_ptr_equal(dynamic_first("malloc"),
			 dlsym(RTLD_DEFAULT, "malloc"));
}

/* What C libraries without _dl_find_object() have in its stead. */
static void assert_same_image(uint64_t address)
{
	struct image image, loaded;

	assert_true(image_find(address, &image));
	for (int i = 0; i < 2; i++) { /* found, and then remembered */
		assert_true(image_find_listed(address, &loaded));
		assert_ptr_equal(loaded.map, image.map);
		assert_int_equal(loaded.start, image.start);
		assert_int_equal(loaded.end, image.end);
		assert_ptr_equal(loaded.unwind, image.unwind);
	}
}

static void loaded_modules_are_found_without_the_loader(void **state)
{
	const struct link_map *map = _r_debug.r_map->l_next;
	struct image image;
	int count = 0, local;

	(void)state;
	for (; map; map = map->l_next, count++)
		assert_same_image((uint64_t)(uintptr_t)map->l_ld);
	assert_in_range(count, 3, 100);
	assert_false(image_find_listed((uint64_t)(uintptr_t)&local, &image));
	assert_false(image_find_listed(0, &image));
	assert_false(image_find_listed(UINT64_MAX, &image));
}

static void an_unloaded_module_is_not_found(void **state)
{
	struct image image;

	(void)state;
	for (int i = 0; i < 3; i++) {
		/* Of the C library's, and needed by none, a sanitizer neither. */
		void *handle = dlopen("libBrokenLocale.so.1", RTLD_NOW);
		const struct link_map *map = handle;
		uint64_t address;

		assert_non_null(handle);
		address = (uint64_t)(uintptr_t)map->l_ld;
		assert_same_image(address);
		dlclose(handle);
		assert_false(image_find(address, &image));
		assert_false(image_find_listed(address, &image));
	}
}

/* It may lie in the program, where the linker has copied it to. */
static void the_flag_of_a_single_thread_is_the_c_librarys(void **state)
{
	(void)state;
	assert_non_null(libc());
	assert_ptr_equal(libc_single_threaded, &__libc_single_threaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_symbol_is_where_the_loader_has_it),
		cmocka_unit_test(what_is_not_defined_is_not_found),
		cmocka_unit_test(the_kernels_own_module_can_be_read),
		cmocka_unit_test(what_comes_next_is_what_the_loader_says),
		cmocka_unit_test(loaded_modules_are_found_without_the_loader),
		cmocka_unit_test(an_unloaded_module_is_not_found),
		cmocka_unit_test(what_a_module_takes_from_others_has_a_name),
		cmocka_unit_test(the_flag_of_a_single_thread_is_the_c_librarys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
