/* SPDX-License-Identifier: MIT */
/* Names by first words from modules that are made here, whole and damaged. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "elf_words.h"
#include "first_words.h"
#include "scratch.h"

/* Tables as compilers make them for classes, but for their symbols, and types as
 * CPython has them; and what is nearly one, or only a table of functions. */
static const char module[] =
    "typedef struct { void *refs, *type; long size; const char *name;\n"
    "                 long basic, item; void (*end)(void); } type;\n"
    "extern char abi[] __asm__(\"_ZTVN10__cxxabiv117__class_type_infoE\");\n"
    "extern type PyType_Type;\n"
    "static void f(void) {}\n"
    "static const struct { const char *table, *name; } info =\n"
    "    { abi + 16, \"N2ns5ThingE\" }, wrong = { (char *)f, \"5Wrong\" },\n"
    "    strange = { (char *)&PyType_Type, \"7Strange\" };\n"
    "const struct { long top; const void *info; void (*f[2])(void); }\n"
    "    whole = { 0, &info, { f, f } }, base = { -8, &info, { f, f } },\n"
    "    other = { 0, &wrong, { f, f } }, mixed = { 0, &strange, { f, f } },\n"
    "    bare __asm__(\"_ZTV4Bare\") = { 0, 0, { f, f } };\n"
    "type list = { (void *)1, &PyType_Type, 0, \"list\", 40, 0, f };\n"
    "type deque = { (void *)1, 0, 0, \"collections.deque\", 64, 8, f };\n"
    "type plain = { (void *)1, 0, 0, \"plain\", 64, 8, f };\n"
    "type counted = { (void *)2, 0, 0, \"a.b\", 64, 8, f };\n"
    "type empty = { (void *)1, &PyType_Type, 0, \"empty\", 0, 0, f };\n"
    "type odd = { (void *)1, &PyType_Type, 0, \"no name\", 40, 0, f };\n";

#define FLAGS "-shared -fPIC -O1 -nostdlib -x c "

/* A block that leads to `symbol` and `more` bytes. */
static const struct {
	const char *symbol;
	uint64_t more;
	uint32_t word;
	uint64_t size;
	const char *name;
} cases[] = {
	{ "whole", 16, 0, 24, "ns::Thing" },
	{ "whole", 24, 0, 24, "whole+0x18" },
	{ "whole", 0, 0, 24, NULL },
	{ "base", 16, 0, 24, "base+0x10" },
	{ "other", 16, 0, 24, "other+0x10" },
	{ "mixed", 16, 0, 24, "mixed+0x10" },
	{ "_ZTV4Bare", 16, 0, 24, "Bare" },
	{ "list", 0, 3, 56, "list" },
	{ "list", 0, 1, 40, "list" },
	{ "list", 0, 3, 40, NULL },
	{ "list", 0, 1, 48, NULL },
	{ "list", 0, 0, 40, NULL },
	{ "list", 8, 3, 56, NULL },
	{ "deque", 0, 3, 80, "deque" },
	{ "deque", 0, 3, 88, "deque" },
	{ "deque", 0, 3, 72, NULL },
	{ "plain", 0, 3, 80, NULL },
	{ "counted", 0, 3, 80, NULL },
	{ "empty", 0, 1, 16, NULL },
	{ "odd", 0, 1, 40, NULL },
};
#define CASES (sizeof(cases) / sizeof(*cases))

/* A model of one module, with a place and a block for each case. */
struct made {
	struct model model;
	struct rkn_module module;
	struct rkn_place places[CASES];
	struct rkn_block blocks[CASES];
	uint32_t first[CASES];
	char strings[PATH_MAX];
};

static void make(struct made *m)
{
	*m = (struct made){ 0 };
	assert_non_null(getcwd(m->strings + 1, PATH_MAX - 16));
	strcat(m->strings + 1, "/m.so");
	m->module = (struct rkn_module){ .end = 1u << 20, .path = 1 };
	m->model = (struct model){
		.strings = m->strings,
		.strings_size = sizeof(m->strings),
		.modules = &m->module,
		.module_count = 1,
		.places = m->places,
		.place_count = CASES,
		.blocks = m->blocks,
		.block_count = CASES,
		.first = m->first,
		.first_count = CASES,
	};
	for (uint32_t i = 0; i < CASES; i++) {
		char command[128];

		snprintf(command, sizeof(command),
			 "nm -D m.so | grep ' %s$' | cut -d' ' -f1",
			 cases[i].symbol);
		m->places[i].offset =
		    strtoull(scratch_line(command), NULL, 16) + cases[i].more;
		m->places[i].word = cases[i].word;
		m->blocks[i].size = cases[i].size;
		m->first[i] = i;
	}
}

static void compile(const char *flags)
{
	scratch_write("m.c", module);
	scratch_run("${CC:-cc} " FLAGS "%s m.c -o m.so -Wl,--build-id=none",
		    flags);
}

static const char *name_of(struct first_words *f, uint32_t block)
{
	const struct first_word *word = first_words_of(f, block);

	return word ? word->name : NULL;
}

static void assert_named(void)
{
	struct first_words *f;
	struct symbols *s;
	struct made m;

	make(&m);
	s = symbols_open(&m.model, NULL);
	f = first_words_open(&m.model, s);
	for (uint32_t i = 0; i < CASES; i++) {
		const char *name = name_of(f, i);

		if (!name != !cases[i].name ||
		    (name && strcmp(name, cases[i].name) != 0))
			fail_msg("%s+%llu is %s, not %s", cases[i].symbol,
				 (unsigned long long)cases[i].more,
				 name ? name : "nothing",
				 cases[i].name ? cases[i].name : "nothing");
	}
	assert_null(first_words_of(f, CASES));
	first_words_close(f);
	symbols_close(s);
}

static void what_the_file_proves_has_a_name(void **state)
{
	(void)state;
	compile("");
	assert_named();
	compile("-Wl,-z,norelro");
	assert_named();
	compile("-Wl,-z,pack-relative-relocs");
	assert_named();
	scratch_run("strip -s m.so");
	assert_named();
}

static void a_module_that_is_gone_has_no_names(void **state)
{
	struct first_words *f;
	struct symbols *s;
	struct made m;

	(void)state;
	compile("");
	make(&m);
	scratch_run("rm m.so");
	s = symbols_open(&m.model, NULL);
	f = first_words_open(&m.model, s);
	for (uint32_t i = 0; i < CASES; i++)
		assert_null(first_words_of(f, i));
	first_words_close(f);
	symbols_close(s);
}

static void ask_all(struct made *m)
{
	struct symbols *s = symbols_open(&m->model, NULL);
	struct first_words *f = first_words_open(&m->model, s);

	for (uint32_t i = 0; i < CASES; i++)
		name_of(f, i);
	first_words_close(f);
	symbols_close(s);
}

/* Nothing in the file is believed: each byte in turn, and each end. */
static void a_damaged_module_does_no_harm(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	unsigned char *file;
	struct made m;
	size_t size;
	int fd;

	(void)state;
	compile("-Wl,-z,pack-relative-relocs");
	scratch_run("strip -s m.so");
	make(&m);
	file = bytes_read("m.so", &size);
	assert_non_null(file);
	/* In place: to make the file anew each time takes a minute. */
	fd = open("m.so", O_WRONLY);
	assert_true(fd >= 0);
	for (size_t i = 0; i < size; i++) {
		const unsigned char byte = file[i] ^ flips[i % 3];

		if (!file[i] && i % 4)
			continue; /* padding, most of it */
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
		ask_all(&m);
		assert_int_equal(pwrite(fd, &file[i], 1, (off_t)i), 1);
	}
	close(fd);
	assert_named();
	for (size_t i = size; i > 16; i -= 16) {
		assert_int_equal(truncate("m.so", (off_t)i), 0);
		ask_all(&m);
	}
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_file_proves_has_a_name),
		cmocka_unit_test(a_module_that_is_gone_has_no_names),
		cmocka_unit_test(a_damaged_module_does_no_harm),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
