/* SPDX-License-Identifier: MIT */
/* The names that we find in a sorted list against libdwfl's own, which looks at
 * each symbol of the module: around each symbol's start and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "symbols_module.h"

/* Whether there is a name. */
static bool compare_at(struct symbols_module *m, uint64_t address)
{
	GElf_Off offset;
	GElf_Sym sym;
	const char *name = dwfl_module_addrinfo(m->module, address, &offset,
						&sym, NULL, NULL, NULL);
	struct symbols_at at;

	assert_int_equal(symbols_functions_name(m, address, &at), name != NULL);
	if (!name)
		return false;
	if (strcmp(at.name, name) != 0)
		fail_msg("%s instead of %s at %#llx", at.name, name,
			 (unsigned long long)address);
	assert_int_equal(at.offset, offset);
	assert_int_equal(at.size, sym.st_size);
	assert_int_equal(at.type, GELF_ST_TYPE(sym.st_info));
	return true;
}

/* How many addresses have names; of each `every` symbols one is looked at. */
static size_t compare_module(const char *path, int every)
{
	struct symbols_module m;
	size_t named = 0;

	assert_true(symbols_module_open(&m, path, NULL, -1));
	for (int i = 1; i < dwfl_module_getsymtab(m.module); i += every) {
		GElf_Addr start;
		GElf_Sym s;

		if (!dwfl_module_getsym_info(m.module, i, &s, &start, NULL,
					     NULL, NULL))
			continue;
		named += compare_at(&m, start);
		named += compare_at(&m, start - 1);
		named += compare_at(&m, start + s.st_size);
		named += compare_at(&m, start + s.st_size / 2);
	}
	symbols_module_close(&m);
	return named;
}

static void names_are_those_of_libdwfl(void **state)
{
	char path[4096];

	(void)state;
	/* The C library, as the shell's own tool has it. */
	strcpy(path, scratch_line("sed -n 's|.* /|/|; /libc.so.6/ {p; q}' "
				  "/proc/self/maps"));
	assert_true(compare_module(path, 23) > 100);
	scratch_run("cp /proc/$PPID/exe self");
	assert_true(compare_module("self", 1) > 100);
}

/* Of several at one place the global one counts, then the smallest, and a
 * label within a function is none of its own. */
static void one_of_several_names_is_chosen_as_libdwfl_does(void **state)
{
	static const char names[] =
	    ".text\n"
	    ".macro at name, type, size\n"
	    ".type \\name, \\type\n .size \\name, \\size\n \\name:\n"
	    ".endm\n"
	    ".globl main, global, global_larger\n.weak weak, weak_smaller\n"
	    "at local, @function, 16\n at global_larger, @function, 24\n"
	    "at weak, @function, 16\n at global, @function, 16\n"
	    "at weak_smaller, @function, 8\n .zero 4\n"
	    "label:\n .zero 4\n at inner, @function, 4\n .zero 4\n"
	    "at weak_inner, @function, 4\n .weak weak_inner\n .zero 20\n"
	    "after:\n .zero 8\n"
	    "at main, @function, 3\n xor %eax, %eax\n ret\n"
	    ".data\n at local_data, @object, 8\n at data, @notype, 8\n"
	    ".globl data\n .zero 16\n"
	    ".section .note.GNU-stack,\"\",@progbits\n";
	struct symbols_module m;
	uint64_t start;
	size_t named = 0;

	(void)state;
	scratch_write("names.s", names);
	scratch_run("${CC:-cc} -o names names.s");
	start = strtoull(scratch_line("nm names | grep ' local$'"), NULL, 16);
	assert_true(symbols_module_open(&m, "names", NULL, -1));
	for (uint64_t i = 0; i < 48; i++)
		named += compare_at(&m, start + i);
	start =
	    strtoull(scratch_line("nm names | grep ' local_data'"), NULL, 16);
	for (uint64_t i = 0; i < 16; i++)
		named += compare_at(&m, start + i);
	assert_in_range(named, 48, 64);
	symbols_module_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_libdwfl),
		cmocka_unit_test(
		    one_of_several_names_is_chosen_as_libdwfl_does),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
