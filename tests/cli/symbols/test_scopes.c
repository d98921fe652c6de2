/* SPDX-License-Identifier: MIT */
/* Our scopes against libdw's own, which are right but slow: at every address
 * of programs with inlined and split functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dwarf.h>

#include "scratch.h"
#include "symbols_module.h"

static const char program[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "static int sum;\n"
    "static inline int leaf(int i)\n"
    "{ if (i > 5) { int k = i * rand(); sum += k; } return sum; }\n"
    "static inline int twig(int i)\n"
    "{ for (int j = 0; j < i; j++) { int l = leaf(j); sum ^= l; }\n"
    "  return leaf(i); }\n"
    "__attribute__((cold, noinline)) void fail(const char *why)\n"
    "{ puts(why); exit(twig(3)); }\n"
    "int branch(int i, const char *s)\n"
    "{ if (strlen(s) > 100) { int n = leaf(i); printf(\"%d\\n\", n);\n"
    "    fail(s); }\n"
    "  { int a = twig(i); { int b = twig(a); sum += b; } }\n"
    "  return twig(i) + twig(i + 1); }\n"
    "int main(int argc, char **argv)\n"
    "{ return branch(argc, argv[0]) & 1; }\n";

/* libdw's scopes at `pc`, reduced to functions up to the one with code. */
static size_t expected(Dwarf_Die *unit, Dwarf_Addr pc, Dwarf_Off *list,
		       size_t most)
{
	Dwarf_Die *around = NULL, *scopes = NULL;
	int count = dwarf_getscopes(unit, pc, &around);
	size_t found = 0;

	if (count > 0)
		count = dwarf_getscopes_die(&around[0], &scopes);
	for (int i = 0; i < count && found < most; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine &&
		    tag != DW_TAG_subprogram)
			continue;
		list[found++] = dwarf_dieoffset(&scopes[i]);
		if (tag == DW_TAG_subprogram)
			break;
	}
	free(around);
	free(scopes);
	return found;
}

/* How many functions there are at `pc`. */
static size_t compare_at(struct symbols_module *m, Dwarf_Die *unit,
			 Dwarf_Addr pc)
{
	Dwarf_Off list[32];
	Dwarf_Die *scopes;
	size_t count = expected(unit, pc, list, 32);
	size_t found = symbols_scopes_find(&m->scopes, unit, pc, &scopes);

	if (found != count)
		fail_msg("%zu scopes instead of %zu at %#llx", found, count,
			 (unsigned long long)pc);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(dwarf_dieoffset(&scopes[i]), list[i]);
	free(scopes);
	return count;
}

/* The deepest that functions were nested. */
static size_t compare_unit(struct symbols_module *m, Dwarf_Die *unit)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;
	size_t most = 0;

	while ((next = dwarf_ranges(unit, next, &base, &low, &high)) > 0)
		for (Dwarf_Addr pc = low ? low - 1 : 0; pc <= high; pc++) {
			size_t n = compare_at(m, unit, pc);

			most = n > most ? n : most;
		}
	return most;
}

static size_t compare_program(const char *name)
{
	struct symbols_module m;
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;
	size_t most = 0;

	assert_true(symbols_module_open(&m, name, NULL, -1));
	while ((unit = dwfl_module_nextcu(m.module, unit, &bias))) {
		size_t n = compare_unit(&m, unit);

		most = n > most ? n : most;
	}
	symbols_module_close(&m);
	return most;
}

static void scopes_are_those_of_libdw(void **state)
{
	static const char *const flags[] = {
		"-O0 -g",
		"-O2 -g",
		"-O3 -g -freorder-blocks-and-partition",
		"-O2 -g -gdwarf-4 -ffunction-sections -Wl,--gc-sections",
		"-O2 -g1",
	};

	(void)state;
	scratch_write("program.c", program);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		size_t most;

		scratch_run("${CC:-cc} %s -o program program.c", flags[i]);
		most = compare_program("program");
		assert_in_range(most, i ? 3 : 1, 8);
	}
}

/* libdw does not find it: its code is not within the function around it. */
static void function_within_a_function_is_found(void **state)
{
	struct symbols_module m;
	Dwarf_Addr bias, address;
	Dwarf_Die *unit, *list;

	(void)state;
	scratch_write("nested.c",
		      "int main(int argc, char **argv)\n"
		      "{ (void)argv;\n"
		      "  int own(int i) { return argc + i; }\n"
		      "  int (*volatile f)(int) = own; return f(-1); }\n");
	scratch_run("${CC:-cc} -g -z execstack -o nested nested.c");
	address = strtoull(scratch_line("nm nested | grep ' own'"), NULL, 16);
	assert_true(symbols_module_open(&m, "nested", NULL, -1));
	unit = symbols_scopes_unit(&m.scopes, m.module, address, &bias);
	assert_non_null(unit);
	assert_int_equal(
	    symbols_scopes_find(&m.scopes, unit, address - bias, &list), 1);
	assert_string_equal(dwarf_diename(&list[0]), "own");
	free(list);
	symbols_module_close(&m);
}

static void unit_is_found_without_aranges(void **state)
{
	struct symbols_module m;
	Dwarf_Die *unit, *again;
	Dwarf_Addr bias, base, low, high;

	(void)state;
	scratch_run("${CC:-cc} -O2 -g -o program program.c");
	scratch_run("objcopy -R .debug_aranges program noranges");
	assert_true(symbols_module_open(&m, "noranges", NULL, -1));
	unit = dwfl_module_nextcu(m.module, NULL, &bias);
	assert_true(dwarf_ranges(unit, 0, &base, &low, &high) > 0);
	again = symbols_scopes_unit(&m.scopes, m.module, low + bias, &bias);
	assert_non_null(again);
	assert_int_equal(dwarf_dieoffset(again), dwarf_dieoffset(unit));
	again =
	    symbols_scopes_unit(&m.scopes, m.module, high - 1 + bias, &bias);
	assert_non_null(again);
	assert_null(symbols_scopes_unit(&m.scopes, m.module, 1, &bias));
	symbols_module_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_are_those_of_libdw),
		cmocka_unit_test(function_within_a_function_is_found),
		cmocka_unit_test(unit_is_found_without_aranges),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
