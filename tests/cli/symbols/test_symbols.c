/* SPDX-License-Identifier: MIT */
/* Symbols of a small program that says where it was loaded and called from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "symbols.h"
#include "symbols_module.h"

#define CC "${CC:-cc} -O2 -g -Wl,--build-id "

/* The numbers of the lines matter: see the tests. */
static const char program[] =
    "#include <stdio.h>\n"
    "extern char __executable_start[], data_start[];\n"
    "static void *caller;\n"
    "int cache[32];\n"
    "__attribute__((noinline)) void note(void)\n"
    "{ caller = __builtin_return_address(0); __asm__(\"\"); }\n"
    "static inline __attribute__((always_inline)) void inner(void)\n"
    "{\n"
    "	note();\n" /* 9 */
    "	__asm__ volatile(\"nop\");\n"
    "}\n"
    "static inline __attribute__((always_inline)) void middle(void)\n"
    "{\n"
    "	__asm__ volatile(\"nop\");\n"
    "	inner();\n" /* 15 */
    "}\n"
    "__attribute__((noinline)) static void outer(void)\n"
    "{\n"
    "	__asm__ volatile(\"nop\");\n"
    "	middle();\n" /* 20 */
    "}\n"
    "int main(void)\n"
    "{\n"
    "	outer();\n"
    "	printf(\"%p %p %p %p\\n\", (void *)__executable_start, caller,\n"
    "	       (void *)&cache[2], (void *)data_start);\n"
    "	return 0;\n"
    "}\n";

struct recorded { /* a model of one module and one frame */
	struct model model;
	struct rkn_module module;
	struct rkn_frame frames[2];
	uint64_t data;     /* address of cache[2] */
	uint64_t sizeless; /* of a symbol without a size */
	char strings[128];
};

static void set_build_id(struct rkn_module *r, const char *path)
{
	const unsigned char *bits;
	struct symbols_module m;
	GElf_Addr address;
	int size;

	assert_true(symbols_module_open(&m, path, NULL, -1));
	size = dwfl_module_build_id(m.module, &bits, &address);
	assert_in_range(size, 1, sizeof(r->build_id));
	memcpy(r->build_id, bits, (size_t)size);
	r->build_id_size = (uint32_t)size;
	symbols_module_close(&m);
}

/* As the shim would record `./name`. */
static void record(struct recorded *r, const char *name)
{
	void *base, *caller, *data, *sizeless;
	char command[64];

	*r = (struct recorded){ 0 };
	snprintf(command, sizeof(command), "./%s", name);
	assert_int_equal(sscanf(scratch_line(command), "%p %p %p %p", &base,
				&caller, &data, &sizeless),
			 4);
	snprintf(r->strings + 1, sizeof(r->strings) - 1, "%s/%s",
		 scratch_line("pwd"), name);
	r->module = (struct rkn_module){ .base = (uintptr_t)base, .path = 1 };
	set_build_id(&r->module, name);
	r->frames[1].address = (uintptr_t)caller;
	r->data = (uintptr_t)data;
	r->sizeless = (uintptr_t)sizeless;
	r->model = (struct model){ .strings = r->strings,
				   .strings_size = sizeof(r->strings),
				   .modules = &r->module,
				   .module_count = 1,
				   .frames = r->frames,
				   .frame_count = 2 };
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static void assert_location(const struct location *l, const char *function,
			    unsigned line, unsigned declared, bool inlined)
{
	assert_non_null(l->function);
	assert_string_equal(l->function, function);
	assert_non_null(l->file);
	assert_string_equal(base_name(l->file), "program.c");
	assert_int_equal(l->line, line);
	assert_int_equal(l->declared, declared);
	assert_int_equal(l->inlined, inlined);
}

static void assert_all_locations(const struct recorded *r)
{
	struct symbols *s = symbols_open(&r->model, NULL);
	const struct location *l, *again;
	const char *missing;

	assert_int_equal(symbols_frame(s, 1, &l), 3);
	assert_location(&l[0], "inner", 9, 7, true);
	assert_location(&l[1], "middle", 15, 12, true);
	assert_location(&l[2], "outer", 20, 17, false);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(l[i].module, r->strings + 1);
		assert_int_equal(l[i].offset,
				 r->frames[1].address - r->module.base);
	}
	assert_int_equal(symbols_frame(s, 1, &again), 3);
	assert_ptr_equal(l, again);
	assert_int_equal(symbols_missing(s, &missing), 0);
	symbols_close(s);
}

static void assert_offset_only(const struct recorded *r, size_t missing)
{
	struct symbols *s = symbols_open(&r->model, NULL);
	const struct location *l;
	const char *first = NULL;

	assert_int_equal(symbols_frame(s, 1, &l), 1);
	assert_null(l->function);
	assert_null(l->file);
	assert_int_equal(l->line, 0);
	assert_string_equal(l->module, r->strings + 1);
	assert_int_equal(l->offset, r->frames[1].address - r->module.base);
	assert_int_equal(symbols_missing(s, &first), missing);
	if (missing)
		assert_string_equal(first, r->strings + 1);
	symbols_close(s);
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	scratch_write("program.c", program);
	scratch_run(CC "-o whole program.c");
	scratch_run("objcopy -R .debug_aranges whole noranges");
	scratch_run("objcopy --strip-debug whole table");
	scratch_run("objcopy --strip-all whole stripped");
	scratch_run("objcopy --only-keep-debug whole split.debug");
	scratch_run("objcopy --add-gnu-debuglink=split.debug stripped split");
	return 0;
}

static void inlined_functions_have_their_call_sites(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "whole");
	assert_all_locations(&r);
}

static void fixed_address_programs_work_too(void **state)
{
	struct recorded r;

	(void)state;
	scratch_run(CC "-no-pie -o fixed program.c");
	record(&r, "fixed");
	r.module.base = 0;
	assert_all_locations(&r);
}

static void units_without_aranges_are_found(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "noranges");
	assert_all_locations(&r);
}

static void debug_link_is_followed(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "split");
	assert_all_locations(&r);
}

static void stripped_program_has_offset_only(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "stripped");
	assert_offset_only(&r, 0);
}

static void symbol_table_gives_the_outer_function(void **state)
{
	struct symbols *s;
	const struct location *l;
	struct recorded r;

	(void)state;
	record(&r, "table");
	s = symbols_open(&r.model, NULL);
	assert_int_equal(symbols_frame(s, 1, &l), 1);
	assert_string_equal(l->function, "outer");
	assert_null(l->file);
	symbols_close(s);
}

static void changed_file_has_offset_only(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "whole");
	r.module.build_id[3] ^= 1;
	assert_offset_only(&r, 1);
	r.module.build_id_size = 0;
	assert_offset_only(&r, 1);
	r.module.build_id_size = 33;
	assert_offset_only(&r, 1);
}

static void missing_and_deleted_files_have_offset_only(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "whole");
	strcat(r.strings + 1, "-gone (deleted)");
	assert_offset_only(&r, 1);
	strcpy(r.strings + 1, "/memfd:whole (deleted)");
	assert_offset_only(&r, 1);
	strcpy(r.strings + 1, "/");
	assert_offset_only(&r, 1);
	scratch_run("mkfifo pipe");
	snprintf(r.strings + 1, sizeof(r.strings) - 1, "%s/pipe",
		 scratch_line("pwd"));
	assert_offset_only(&r, 1); /* not waiting for a writer */
}

/* The build-id says that it is the same. */
static void a_copy_in_a_deleted_file_s_place_will_do(void **state)
{
	struct symbols *s;
	const struct location *l;
	struct recorded r;

	(void)state;
	record(&r, "whole");
	strcat(r.strings + 1, " (deleted)");
	assert_all_locations(&r);
	r.module.build_id_size = 0;
	s = symbols_open(&r.model, NULL);
	assert_int_equal(symbols_frame(s, 1, &l), 1);
	assert_null(l->function);
	assert_int_equal(l->build, 0);
	assert_int_equal(symbols_missing(s, NULL), 1);
	symbols_close(s);
}

/* The directory that it is relative to may be any: even here it is no name. */
static void a_relative_path_is_no_name(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "whole");
	strcpy(r.strings + 1, "whole");
	assert_offset_only(&r, 1);
	strcpy(r.strings + 1, "./whole");
	assert_offset_only(&r, 1);
}

static void why_a_module_is_missing_is_said(void **state)
{
	static const struct {
		const char *name, *why;
	} rows[] = {
		{ "/nowhere/x.so", "is not there" },
		{ "./whole", "relative path" },
		{ "/memfd:x (deleted)", "in memory only" },
		{ "/proc/version", "cannot be read" },
	};
	struct symbols *s;
	struct recorded r;

	(void)state;
	record(&r, "whole");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strcpy(r.strings + 1, rows[i].name);
		s = symbols_open(&r.model, NULL);
		assert_null(symbols_why_missing(s, 0));
		symbols_check(s, 0);
		assert_non_null(strstr(symbols_why_missing(s, 0), rows[i].why));
		assert_null(symbols_why_missing(s, RKN_NONE));
		symbols_close(s);
	}
	record(&r, "whole");
	r.module.build_id[0] ^= 1;
	s = symbols_open(&r.model, NULL);
	symbols_check(s, 0);
	assert_non_null(strstr(symbols_why_missing(s, 0), "another build"));
	symbols_close(s);
}

/* Of a program of now, in a recording that began at `start` and took a second. */
static bool is_read_without_build_id(const char *name, uint64_t start)
{
	struct symbols *s;
	struct recorded r;
	bool missing;

	record(&r, "whole");
	snprintf(r.strings + 1, sizeof(r.strings) - 1, "%s/%s",
		 scratch_line("pwd"), name);
	r.module.build_id_size = 0;
	r.model.meta.start_ns = start;
	r.model.meta.duration_ns = 1000000000u;
	s = symbols_open(&r.model, NULL);
	symbols_check(s, 0);
	missing = symbols_missing(s, NULL);
	symbols_close(s);
	return !missing;
}

static void without_a_build_id_a_later_file_is_another_one(void **state)
{
	const uint64_t second = 1000000000u;

	(void)state;
	scratch_run("objcopy --remove-section .note.gnu.build-id whole bare");
	scratch_run("touch -d @1000 bare");
	assert_true(is_read_without_build_id("bare", 1000 * second));
	assert_true(is_read_without_build_id("bare", 2000 * second));
	assert_false(is_read_without_build_id("bare", 998 * second));
	assert_true(is_read_without_build_id("bare", 0));
}

static uint64_t build_of(const char *name, bool build_id)
{
	const struct location *l;
	struct symbols *s;
	struct recorded r;
	uint64_t build;

	record(&r, "stripped");
	snprintf(r.strings + 1, sizeof(r.strings) - 1, "%s/%s",
		 scratch_line("pwd"), name);
	if (!build_id)
		r.module.build_id_size = 0;
	s = symbols_open(&r.model, NULL);
	assert_int_equal(symbols_frame(s, 1, &l), 1);
	assert_null(l->function);
	build = l->build;
	symbols_close(s);
	return build;
}

/* By the build-id, whether the file is there or not; else by the code in it. */
static void code_without_a_name_has_its_build(void **state)
{
	uint64_t bare;

	(void)state;
	scratch_run(
	    "objcopy --remove-section .note.gnu.build-id stripped bare");
	scratch_run("cp bare copy && objcopy --strip-all bare");
	assert_int_not_equal(build_of("stripped", true), 0);
	assert_int_equal(build_of("stripped", true), build_of("gone", true));
	bare = build_of("bare", false);
	assert_int_not_equal(bare, 0);
	assert_int_equal(build_of("copy", false), bare);
	assert_int_equal(build_of("gone", false), 0);
	scratch_write("other.c", "int main(void) { return 1; }\n");
	scratch_run(CC "-Wl,--build-id=none -s -o other other.c");
	assert_int_not_equal(build_of("other", false), bare);
	assert_int_not_equal(build_of("other", false), 0);
}

/* libdw would unpack it, whatever comes out. */
static void a_packed_file_is_not_unpacked(void **state)
{
	struct symbols_module m;

	(void)state;
	assert_true(symbols_module_open(&m, "whole", NULL, -1));
	symbols_module_close(&m);
	scratch_run("gzip -c whole >packed");
	assert_false(symbols_module_open(&m, "packed", NULL, -1));
	symbols_module_close(&m);
	scratch_run("truncate -s 10G vast");
	assert_false(symbols_module_open(&m, "vast", NULL, -1));
	symbols_module_close(&m);
	assert_false(symbols_module_open(&m, "/proc/version", NULL, -1));
	symbols_module_close(&m);
	assert_false(symbols_module_open(&m, "/dev/tty", NULL, -1));
	symbols_module_close(&m);
}

/* The name of the debug file is the ELF file's own choice. */
static void a_pipe_as_debug_file_is_not_waited_for(void **state)
{
	static const char *const places[] = { "named", ".debug/named" };
	struct symbols_module m;
	const char *file;

	(void)state;
	scratch_run("mkdir .debug && cp whole linked && echo x >named && "
		    "objcopy --strip-debug --add-gnu-debuglink=named linked");
	scratch_run("rm named && cp linked nameless && "
		    "objcopy --remove-section=.gnu_debuglink nameless && "
		    "mkfifo nameless.debug");
	for (size_t i = 0; i < 2; i++) {
		scratch_run("mkfifo %s", places[i]);
		assert_true(symbols_module_open(&m, "./linked", NULL, -1));
		assert_int_equal(symbols_module_source(&m, &file),
				 SYMBOLS_TABLE);
		symbols_module_close(&m);
		scratch_run("rm %s", places[i]);
	}
	assert_true(symbols_module_open(&m, "./nameless", NULL, -1));
	assert_int_equal(symbols_module_source(&m, &file), SYMBOLS_TABLE);
	symbols_module_close(&m);
	/* A directory is none. */
	scratch_run("cp linked found && objcopy --only-keep-debug whole "
		    ".debug/named && mkdir named");
	assert_true(symbols_module_open(&m, "found", NULL, -1));
	assert_int_equal(symbols_module_source(&m, &file), SYMBOLS_DEBUG);
	symbols_module_close(&m);
}

static void vdso_is_not_missing(void **state)
{
	struct recorded r;

	(void)state;
	record(&r, "whole");
	strcpy(r.strings + 1, "[vdso]");
	assert_offset_only(&r, 0);
}

static void address_in_no_module_is_its_own_offset(void **state)
{
	const struct location *l;
	struct symbols *s;
	struct recorded r;

	(void)state;
	record(&r, "whole");
	r.frames[1].module = RKN_NONE;
	s = symbols_open(&r.model, NULL);
	assert_int_equal(symbols_frame(s, 1, &l), 1);
	assert_null(l->module);
	assert_int_equal(l->offset, r.frames[1].address);
	assert_int_equal(symbols_frame(s, 99, &l), 1);
	assert_null(l->module);
	symbols_close(s);
}

static void data_has_a_name_and_an_offset(void **state)
{
	struct symbols *s;
	struct recorded r;
	char name[32];

	(void)state;
	record(&r, "whole");
	s = symbols_open(&r.model, NULL);
	assert_true(symbols_data(s, 0, r.data, name, sizeof(name)));
	assert_string_equal(name, "cache+0x8");
	assert_true(symbols_data(s, 0, r.data - 8, name, sizeof(name)));
	assert_string_equal(name, "cache");
	assert_true(symbols_data(s, 0, r.data, name, 4));
	assert_string_equal(name, "cac");
	assert_false(symbols_data(s, 0, r.data + (1 << 20), name, 32));
	assert_false(symbols_data(s, 0, r.sizeless, name, 32));
	assert_false(symbols_data(s, 0, r.frames[1].address, name, 32));
	assert_false(symbols_data(s, 7, r.data, name, sizeof(name)));
	symbols_close(s);
}

static void assert_known(const struct recorded *r, struct cache *c)
{
	struct symbols *s = symbols_open(&r->model, c);
	const struct location *l;
	char name[32];

	assert_int_equal(symbols_frame(s, 1, &l), 3);
	assert_location(&l[0], "inner", 9, 7, true);
	assert_location(&l[2], "outer", 20, 17, false);
	assert_string_equal(l[2].module, r->strings + 1);
	assert_int_equal(l[2].offset, r->frames[1].address - r->module.base);
	assert_true(symbols_data(s, 0, r->data, name, sizeof(name)));
	assert_string_equal(name, "cache+0x8");
	assert_false(symbols_data(s, 0, r->sizeless, name, sizeof(name)));
	assert_int_equal(symbols_missing(s, NULL), 0);
	symbols_close(s);
}

/* Once all is known the file is not looked into: it can be anything. */
static void known_answers_need_no_file(void **state)
{
	struct recorded r;
	struct cache *c;
	char place[4096];

	(void)state;
	scratch_run("cp -p whole known");
	record(&r, "known");
	snprintf(place, sizeof(place), "%s/cache", scratch_line("pwd"));
	setenv("REFKNOT_CACHE", place, 1);
	c = cache_open();
	assert_known(&r, c);
	scratch_run("dd if=/dev/zero of=known bs=1 conv=notrunc status=none"
		    " count=$(stat -c %%s known); touch -r whole known");
	assert_known(&r, c);
	assert_offset_only(&r, 1);
	cache_close(c);
}

static void source_tells_where_the_names_come_from(void **state)
{
	static const struct {
		const char *name;
		enum symbols_source source;
		bool separate;
	} rows[] = {
		{ "whole", SYMBOLS_DEBUG, false },
		{ "split", SYMBOLS_DEBUG, true },
		{ "table", SYMBOLS_TABLE, false },
		{ "stripped", SYMBOLS_DYNAMIC, false },
	};
	struct symbols_module m;
	const char *file;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(symbols_module_open(&m, rows[i].name, NULL, -1));
		assert_int_equal(symbols_module_source(&m, &file),
				 rows[i].source);
		assert_int_equal(file != NULL, rows[i].separate);
		symbols_module_close(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_functions_have_their_call_sites),
		cmocka_unit_test(fixed_address_programs_work_too),
		cmocka_unit_test(units_without_aranges_are_found),
		cmocka_unit_test(debug_link_is_followed),
		cmocka_unit_test(stripped_program_has_offset_only),
		cmocka_unit_test(symbol_table_gives_the_outer_function),
		cmocka_unit_test(changed_file_has_offset_only),
		cmocka_unit_test(missing_and_deleted_files_have_offset_only),
		cmocka_unit_test(a_copy_in_a_deleted_file_s_place_will_do),
		cmocka_unit_test(a_relative_path_is_no_name),
		cmocka_unit_test(why_a_module_is_missing_is_said),
		cmocka_unit_test(
		    without_a_build_id_a_later_file_is_another_one),
		cmocka_unit_test(code_without_a_name_has_its_build),
		cmocka_unit_test(a_packed_file_is_not_unpacked),
		cmocka_unit_test(a_pipe_as_debug_file_is_not_waited_for),
		cmocka_unit_test(vdso_is_not_missing),
		cmocka_unit_test(address_in_no_module_is_its_own_offset),
		cmocka_unit_test(data_has_a_name_and_an_offset),
		cmocka_unit_test(known_answers_need_no_file),
		cmocka_unit_test(source_tells_where_the_names_come_from),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
