/* SPDX-License-Identifier: MIT */
/* Numbers, expressions and instructions of unwind tables, one by one: compilers
 * write few of them, and only small ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dwarf.h>

#include "cfi_row.h"

/* --- Numbers ---------------------------------------------------------------- */

/* Of `size` bytes at `p`. */
static struct cfi_bytes bytes(const uint8_t *p, size_t size)
{
	return (struct cfi_bytes){ p, p + size };
}

static void numbers_of_any_length_are_read(void **state)
{
	static const struct {
		uint8_t code[12];
		uint64_t size, unsigned_value;
		int64_t signed_value;
	} rows[] = {
		{ { 0 }, 1, 0, 0 },
		{ { 0x3f }, 1, 63, 63 },
		{ { 0x40 }, 1, 64, -64 },
		{ { 0x7f }, 1, 127, -1 },
		{ { 0xff, 0x00 }, 2, 127, 127 },
		{ { 0x80, 0x01 }, 2, 128, 128 },
		{ { 0x80, 0x7f }, 2, 16256, -128 },
		{ { 0xe5, 0x8e, 0x26 }, 3, 624485, 624485 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0x01 },
		  10,
		  UINT64_MAX,
		  -1 },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		    0x01 },
		  10,
		  1ull << 63,
		  INT64_MIN },
		/* Too long, which is allowed; and cut off. */
		{ { 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		    0x00 },
		  11,
		  1,
		  1 },
		{ { 0x85 }, 1, 5, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cfi_bytes b = bytes(rows[i].code, rows[i].size);

		assert_int_equal(cfi_uleb(&b), rows[i].unsigned_value);
		assert_ptr_equal(b.p, b.end);
		b = bytes(rows[i].code, rows[i].size);
		assert_int_equal(cfi_sleb(&b), rows[i].signed_value);
		assert_ptr_equal(b.p, b.end);
	}
}

#define DATA 0x50000ull /* where encodings of data are relative to */

static void pointers_are_of_each_encoding(void **state)
{
	static const uint8_t code[] = { 0xfe, 0xff, 0xff, 0xff,
					0xfd, 0xff, 0xff, 0x7f };
	static const struct {
		uint8_t form, size;
		uint64_t value;
	} rows[] = {
		{ DW_EH_PE_absptr, 8, 0x7ffffffdfffffffe },
		{ DW_EH_PE_uleb128, 8, 0xffffffdffffffe },
		{ DW_EH_PE_udata2, 2, 0xfffe },
		{ DW_EH_PE_udata4, 4, 0xfffffffe },
		{ DW_EH_PE_udata8, 8, 0x7ffffffdfffffffe },
		{ DW_EH_PE_sleb128, 8, 0xffffffffdffffffe },
		{ DW_EH_PE_sdata2, 2, -2ull },
		{ DW_EH_PE_sdata4, 4, -2ull },
		{ DW_EH_PE_sdata8, 8, 0x7ffffffdfffffffe },
	};
	const struct {
		uint8_t base;
		uint64_t added;
	} bases[] = {
		{ 0, 0 },
		{ DW_EH_PE_pcrel, (uintptr_t)code },
		{ DW_EH_PE_datarel, DATA },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < sizeof(bases) / sizeof(*bases); k++) {
			uint8_t as = rows[i].form | bases[k].base;
			struct cfi_bytes b = bytes(code, sizeof(code));
			uint64_t value = 0;

			assert_true(cfi_pointer(&b, as, DATA, &value));
			assert_true(value == rows[i].value + bases[k].added);
			assert_int_equal(b.p - code, rows[i].size);
		}
}

static void pointers_of_other_encodings_are_refused(void **state)
{
	static const uint8_t code[8], others[] = {
		DW_EH_PE_omit,
		DW_EH_PE_textrel,
		DW_EH_PE_funcrel,
		DW_EH_PE_aligned,
		DW_EH_PE_indirect,
		0x05,
		0x0d,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others); i++) {
		struct cfi_bytes b = bytes(code, sizeof(code));
		uint64_t value;

		assert_false(cfi_pointer(&b, others[i], DATA, &value));
	}
}

/* What is cut off is 0, and nothing follows it. */
static void numbers_that_are_cut_off_are_none(void **state)
{
	static const uint8_t code[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const unsigned sizes[] = { 1, 2, 4, 8 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct cfi_bytes b = bytes(code, sizes[i]);

		assert_int_equal(cfi_unsigned(&b, sizes[i]),
				 0x0807060504030201 &
				     (~0ull >> (64 - 8 * sizes[i])));
		assert_ptr_equal(b.p, b.end);
		b = bytes(code, sizes[i] - 1);
		assert_int_equal(cfi_unsigned(&b, sizes[i]), 0);
		assert_ptr_equal(b.p, b.end);
	}
}

/* --- Expressions -------------------------------------------------------------- */

static uint64_t memory[4] = { 0, 0x1234, 0, 77 };

#define RBP 0x1000
#define RSP 0x2000
#define RIP 0x3000
#define CFA 0x4000

static bool evaluate(const uint8_t *code, size_t size, uint64_t *value)
{
	const struct cfi_frame f = { .pc = RIP, .sp = RSP, .rbp = RBP };
	const struct cfi_bounds bounds = { (uintptr_t)memory,
					   (uintptr_t)(memory + 4) };
	const uint64_t cfa = CFA;
	struct cfi_stack s;

	return cfi_evaluate(&s, bytes(code, size), &f, &cfa, &bounds, value);
}

#define assert_value(expected, ...)                                            \
	do {                                                                   \
		const uint8_t code[] = { __VA_ARGS__ };                        \
		uint64_t found = 0;                                            \
                                                                               \
		assert_true(evaluate(code, sizeof(code), &found));             \
		assert_int_equal(found, (uint64_t)(expected));                 \
	} while (0)

#define assert_refused(...)                                                    \
	do {                                                                   \
		const uint8_t code[] = { __VA_ARGS__ };                        \
		uint64_t found;                                                \
                                                                               \
		assert_false(evaluate(code, sizeof(code), &found));            \
	} while (0)

static void constants_are_of_their_size_and_sign(void **state)
{
	(void)state;
	assert_value(0, DW_OP_lit0);
	assert_value(31, DW_OP_lit31);
	assert_value(0xfe, DW_OP_const1u, 0xfe);
	assert_value(-2, DW_OP_const1s, 0xfe);
	assert_value(0xfffe, DW_OP_const2u, 0xfe, 0xff);
	assert_value(-2, DW_OP_const2s, 0xfe, 0xff);
	assert_value(0xfffffffe, DW_OP_const4u, 0xfe, 0xff, 0xff, 0xff);
	assert_value(-2, DW_OP_const4s, 0xfe, 0xff, 0xff, 0xff);
	assert_value(0x8877665544332211, DW_OP_const8u, 0x11, 0x22, 0x33, 0x44,
		     0x55, 0x66, 0x77, 0x88);
	assert_value(-2, DW_OP_const8s, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
		     0xff, 0xff);
	assert_value(128, DW_OP_constu, 0x80, 0x01);
	assert_value(-128, DW_OP_consts, 0x80, 0x7f);
}

static void registers_that_are_followed_are_known(void **state)
{
	(void)state;
	assert_value(RBP - 1, DW_OP_breg6, 0x7f);
	assert_value(RSP + 8, DW_OP_breg7, 8);
	assert_value(RIP, DW_OP_breg16, 0);
	assert_refused(DW_OP_breg0, 0);
	assert_refused(DW_OP_breg5, 0);
	assert_refused(DW_OP_breg8, 0);
	assert_refused(DW_OP_breg15, 0);
	assert_refused(DW_OP_breg31, 0);
	assert_refused(DW_OP_reg6);
}

/* The first value of all is the CFA's. */
static void values_are_moved_on_the_stack(void **state)
{
	(void)state;
	assert_value(2 * CFA, DW_OP_dup, DW_OP_plus);
	assert_value(CFA + 300, DW_OP_plus_uconst, 0xac, 0x02);
	assert_value(CFA, DW_OP_lit1, DW_OP_drop);
	assert_refused(DW_OP_drop);
	assert_refused(DW_OP_drop, DW_OP_drop, DW_OP_lit1);
	assert_refused(DW_OP_plus);
	assert_refused(DW_OP_drop, DW_OP_dup);
}

static void memory_is_read_where_it_may_be(void **state)
{
	uint64_t value = 0, at = (uintptr_t)memory;
	const struct cfi_bounds bounds = { at, at + sizeof(memory) };

	(void)state;
	assert_true(cfi_load(at, &bounds, &value));
	assert_int_equal(value, 0);
	assert_true(cfi_load(at + 8, &bounds, &value));
	assert_int_equal(value, 0x1234);
	assert_true(cfi_load(at + 24, &bounds, &value));
	assert_int_equal(value, 77);
	assert_false(cfi_load(at + 32, &bounds, &value));
	assert_false(cfi_load(at + 4, &bounds, &value));
	assert_false(cfi_load(at + 28, &bounds, &value));
	assert_false(cfi_load(at - 8, &bounds, &value));
	assert_refused(DW_OP_deref);
	memory[2] = at + 8;
	assert_value(0x1234, DW_OP_const8u, (uint8_t)at, (uint8_t)(at >> 8),
		     (uint8_t)(at >> 16), (uint8_t)(at >> 24),
		     (uint8_t)(at >> 32), (uint8_t)(at >> 40),
		     (uint8_t)(at >> 48), (uint8_t)(at >> 56),
		     DW_OP_plus_uconst, 16, DW_OP_deref, DW_OP_deref);
}

static void two_values_become_one(void **state)
{
	(void)state;
	assert_value(8, DW_OP_lit12, DW_OP_lit10, DW_OP_and);
	assert_value(14, DW_OP_lit12, DW_OP_lit10, DW_OP_or);
	assert_value(2, DW_OP_lit12, DW_OP_lit10, DW_OP_minus);
	assert_value(-2, DW_OP_lit10, DW_OP_lit12, DW_OP_minus);
	assert_value(120, DW_OP_lit12, DW_OP_lit10, DW_OP_mul);
	assert_value(22, DW_OP_lit12, DW_OP_lit10, DW_OP_plus);
	assert_value(12, DW_OP_lit3, DW_OP_lit2, DW_OP_shl);
	assert_value(3, DW_OP_lit12, DW_OP_lit2, DW_OP_shr);
	assert_value(1ull << 63, DW_OP_lit1, DW_OP_const1u, 63, DW_OP_shl);
	assert_value(0, DW_OP_lit1, DW_OP_const1u, 64, DW_OP_shl);
	assert_value(1, DW_OP_const1s, 0xff, DW_OP_const1u, 63, DW_OP_shr);
	assert_value(0, DW_OP_const1s, 0xff, DW_OP_const1u, 64, DW_OP_shr);
	assert_refused(DW_OP_lit3, DW_OP_lit2, DW_OP_div);
}

static void values_are_compared_with_their_sign(void **state)
{
	static const struct {
		uint8_t op, below, same, above;
	} rows[] = {
		{ DW_OP_eq, 0, 1, 0 }, { DW_OP_ge, 0, 1, 1 },
		{ DW_OP_gt, 0, 0, 1 }, { DW_OP_le, 1, 1, 0 },
		{ DW_OP_lt, 1, 0, 0 }, { DW_OP_ne, 1, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_value(rows[i].below, DW_OP_const1s, 0xff, DW_OP_lit1,
			     rows[i].op);
		assert_value(rows[i].same, DW_OP_lit1, DW_OP_lit1, rows[i].op);
		assert_value(rows[i].above, DW_OP_lit2, DW_OP_const1s, 0xfe,
			     rows[i].op);
	}
}

/* The CFA has one of 16 places. */
static void a_stack_that_is_full_is_refused(void **state)
{
	uint8_t code[CFI_STACK_SIZE];
	uint64_t value;

	(void)state;
	for (unsigned i = 0; i < CFI_STACK_SIZE; i++)
		code[i] = (uint8_t)(DW_OP_lit1 + i);
	assert_true(evaluate(code, CFI_STACK_SIZE - 1, &value));
	assert_int_equal(value, CFI_STACK_SIZE - 1);
	assert_false(evaluate(code, CFI_STACK_SIZE, &value));
}

/* --- Instructions --------------------------------------------------------------- */

#define START 0x10000ull

/* As every function begins: the CFA is rsp + 8, and what is below it is the
 * address to return to. */
static const uint8_t initial[] = { DW_CFA_def_cfa, CFI_RSP, 8,
				   DW_CFA_offset + CFI_RIP, 1 };

static bool make(struct cfi_machine *m, const uint8_t *code, size_t size,
		 uint64_t distance)
{
	static struct cfi_fde fde;

	fde = (struct cfi_fde){
		.initial = bytes(initial, sizeof(initial)),
		.instructions = bytes(code, size),
		.start = START,
		.code_align = 2,
		.data_align = -8,
		.return_register = CFI_RIP,
	};
	return cfi_row_make(m, &fde, START + distance);
}

#define MAKE(m, distance, ...)                                                 \
	make(m, (const uint8_t[]){ __VA_ARGS__ },                              \
	     sizeof((const uint8_t[]){ __VA_ARGS__ }), distance)

static void assert_cfa(const struct cfi_machine *m, uint64_t number,
		       int64_t offset)
{
	assert_int_equal(m->row.cfa_register, number);
	assert_int_equal(m->row.cfa_offset, offset);
	assert_null(m->row.cfa_expression.p);
}

static void assert_place(const struct cfi_place *p, int kind, int64_t offset)
{
	assert_int_equal(p->kind, kind);
	assert_int_equal(p->offset, offset);
}

static void a_row_holds_up_to_the_next_address(void **state)
{
	struct cfi_machine m;

	(void)state;
	for (uint64_t at = 0; at < 8; at++) {
		assert_true(MAKE(&m, at, DW_CFA_advance_loc + 1,
				 DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc1,
				 1, DW_CFA_def_cfa_offset, 24, DW_CFA_nop,
				 DW_CFA_advance_loc2, 1, 0,
				 DW_CFA_def_cfa_offset, 32));
		assert_cfa(&m, CFI_RSP, 8 + 8 * (int64_t)(at / 2));
	}
	assert_true(MAKE(&m, 2 * 0x10203, DW_CFA_advance_loc4, 3, 2, 1, 0,
			 DW_CFA_def_cfa_offset, 40));
	assert_cfa(&m, CFI_RSP, 40);
	assert_true(MAKE(&m, 2 * 0x10203 - 1, DW_CFA_advance_loc4, 3, 2, 1, 0,
			 DW_CFA_def_cfa_offset, 40));
	assert_cfa(&m, CFI_RSP, 8);
	assert_true(MAKE(&m, 0x1ff, DW_CFA_set_loc, 0, 2, 1, 0, 0, 0, 0, 0,
			 DW_CFA_def_cfa_offset, 40));
	assert_cfa(&m, CFI_RSP, 8);
	assert_true(MAKE(&m, 0x200, DW_CFA_set_loc, 0, 2, 1, 0, 0, 0, 0, 0,
			 DW_CFA_def_cfa_offset, 40));
	assert_cfa(&m, CFI_RSP, 40);
}

static void the_cfa_is_where_instructions_say(void **state)
{
	struct cfi_machine m;

	(void)state;
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa, CFI_RBP, 16));
	assert_cfa(&m, CFI_RBP, 16);
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa_register, CFI_RBP));
	assert_cfa(&m, CFI_RBP, 8);
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa_sf, CFI_RBP, 0x7e));
	assert_cfa(&m, CFI_RBP, 16);
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa_offset_sf, 0x7d));
	assert_cfa(&m, CFI_RSP, 24);
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8));
	assert_int_equal(m.row.cfa_expression.end - m.row.cfa_expression.p, 2);
	assert_int_equal(*m.row.cfa_expression.p, DW_OP_breg7);
	assert_true(MAKE(&m, 0, DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8,
			 DW_CFA_def_cfa, CFI_RSP, 8));
	assert_cfa(&m, CFI_RSP, 8);
}

static void registers_are_where_instructions_say(void **state)
{
	struct cfi_machine m;

	(void)state;
	assert_true(MAKE(&m, 0, DW_CFA_nop));
	assert_place(&m.row.rbp, CFI_SAME, 0);
	assert_place(&m.row.rip, CFI_OFFSET, -8);
	assert_true(
	    MAKE(&m, 0, DW_CFA_offset + CFI_RBP, 2, DW_CFA_offset + 3, 3));
	assert_place(&m.row.rbp, CFI_OFFSET, -16);
	assert_true(MAKE(&m, 0, DW_CFA_offset_extended, CFI_RBP, 3));
	assert_place(&m.row.rbp, CFI_OFFSET, -24);
	assert_true(MAKE(&m, 0, DW_CFA_offset_extended_sf, CFI_RBP, 0x7f));
	assert_place(&m.row.rbp, CFI_OFFSET, 8);
	assert_true(MAKE(&m, 0, DW_CFA_val_offset, CFI_RSP, 2));
	assert_place(&m.row.rsp, CFI_VALUE, -16);
	assert_true(MAKE(&m, 0, DW_CFA_val_offset_sf, CFI_RSP, 0x7e));
	assert_place(&m.row.rsp, CFI_VALUE, 16);
	assert_true(MAKE(&m, 0, DW_CFA_undefined, CFI_RIP));
	assert_place(&m.row.rip, CFI_UNDEFINED, 0);
	assert_true(MAKE(&m, 0, DW_CFA_register, CFI_RBP, 3, DW_CFA_same_value,
			 CFI_RSP));
	assert_place(&m.row.rbp, CFI_OTHER, 0);
	assert_place(&m.row.rsp, CFI_SAME, 0);
	assert_true(MAKE(&m, 0, DW_CFA_offset + CFI_RBP, 2, DW_CFA_same_value,
			 CFI_RBP));
	assert_place(&m.row.rbp, CFI_SAME, 0);
	assert_true(MAKE(&m, 0, DW_CFA_expression, CFI_RBP, 2, DW_OP_breg7, 8,
			 DW_CFA_val_expression, CFI_RSP, 1, DW_OP_lit3));
	assert_place(&m.row.rbp, CFI_EXPRESSION, 0);
	assert_int_equal(m.row.rbp.expression.end - m.row.rbp.expression.p, 2);
	assert_place(&m.row.rsp, CFI_VALUE_EXPRESSION, 0);
	assert_int_equal(*m.row.rsp.expression.p, DW_OP_lit3);
}

static void rows_are_kept_and_come_back(void **state)
{
	struct cfi_machine m;
	uint8_t many[CFI_SAVED_ROWS + 1];

	(void)state;
	assert_true(MAKE(&m, 0, DW_CFA_offset + CFI_RBP, 2,
			 DW_CFA_remember_state, DW_CFA_def_cfa, CFI_RBP, 16,
			 DW_CFA_offset + CFI_RBP, 3, DW_CFA_GNU_args_size, 8,
			 DW_CFA_restore_state));
	assert_cfa(&m, CFI_RSP, 8);
	assert_place(&m.row.rbp, CFI_OFFSET, -16);
	assert_true(MAKE(&m, 0, DW_CFA_offset + CFI_RBP, 2,
			 DW_CFA_offset + CFI_RIP, 5, DW_CFA_restore + CFI_RBP,
			 DW_CFA_restore_extended, CFI_RIP));
	assert_place(&m.row.rbp, CFI_SAME, 0);
	assert_place(&m.row.rip, CFI_OFFSET, -8);
	assert_false(MAKE(&m, 0, DW_CFA_restore_state));
	for (unsigned i = 0; i <= CFI_SAVED_ROWS; i++)
		many[i] = DW_CFA_remember_state;
	assert_true(make(&m, many, CFI_SAVED_ROWS, 0));
	assert_false(make(&m, many, CFI_SAVED_ROWS + 1, 0));
	assert_false(MAKE(&m, 0, 0x3f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_any_length_are_read),
		cmocka_unit_test(pointers_are_of_each_encoding),
		cmocka_unit_test(pointers_of_other_encodings_are_refused),
		cmocka_unit_test(numbers_that_are_cut_off_are_none),
		cmocka_unit_test(constants_are_of_their_size_and_sign),
		cmocka_unit_test(registers_that_are_followed_are_known),
		cmocka_unit_test(values_are_moved_on_the_stack),
		cmocka_unit_test(memory_is_read_where_it_may_be),
		cmocka_unit_test(two_values_become_one),
		cmocka_unit_test(values_are_compared_with_their_sign),
		cmocka_unit_test(a_stack_that_is_full_is_refused),
		cmocka_unit_test(a_row_holds_up_to_the_next_address),
		cmocka_unit_test(the_cfa_is_where_instructions_say),
		cmocka_unit_test(registers_are_where_instructions_say),
		cmocka_unit_test(rows_are_kept_and_come_back),
	};

	return cmocka_run_group_tests_name("cfi", tests, NULL, NULL);
}
