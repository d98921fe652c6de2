/* SPDX-License-Identifier: MIT */
/*
 * Location expressions, as far as unwind tables use them: realigned frames,
 * procedure linkage table entries and the kernel's signal frames.
 */
#include "cfi_row.h"

static void push(struct cfi_stack *s, uint64_t value)
{
	if (s->size == CFI_STACK_SIZE)
		s->failed = true;
	else
		s->values[s->size++] = value;
}

static uint64_t pop(struct cfi_stack *s)
{
	if (s->size)
		return s->values[--s->size];
	s->failed = true;
	return 0;
}

static bool register_value(const struct cfi_frame *f, unsigned number,
			   uint64_t *value)
{
	switch (number) {
	case CFI_RBP:
		*value = f->rbp;
		return true;
	case CFI_RSP:
		*value = f->sp;
		return true;
	case CFI_RIP:
		*value = f->pc;
		return true;
	default:
		return false;
	}
}

static bool constant(struct cfi_stack *s, uint8_t op, struct cfi_bytes *b)
{
	switch (op) {
	case 0x08: /* DW_OP_const1u .. DW_OP_consts, in order */
		push(s, cfi_unsigned(b, 1));
		return true;
	case 0x09:
		push(s, (uint64_t)(int8_t)cfi_unsigned(b, 1));
		return true;
	case 0x0a:
		push(s, cfi_unsigned(b, 2));
		return true;
	case 0x0b:
		push(s, (uint64_t)(int16_t)cfi_unsigned(b, 2));
		return true;
	case 0x0c:
		push(s, cfi_unsigned(b, 4));
		return true;
	case 0x0d:
		push(s, (uint64_t)(int32_t)cfi_unsigned(b, 4));
		return true;
	case 0x0e:
	case 0x0f:
		push(s, cfi_unsigned(b, 8));
		return true;
	case 0x10:
		push(s, cfi_uleb(b));
		return true;
	case 0x11:
		push(s, (uint64_t)cfi_sleb(b));
		return true;
	default:
		return false;
	}
}

static bool binary(struct cfi_stack *s, uint8_t op)
{
	uint64_t b = pop(s), a = pop(s);

	switch (op) {
	case 0x1a: /* DW_OP_and */
		push(s, a & b);
		return true;
	case 0x1c: /* DW_OP_minus */
		push(s, a - b);
		return true;
	case 0x1e: /* DW_OP_mul */
		push(s, a * b);
		return true;
	case 0x21: /* DW_OP_or */
		push(s, a | b);
		return true;
	case 0x22: /* DW_OP_plus */
		push(s, a + b);
		return true;
	case 0x24: /* DW_OP_shl */
		push(s, b < 64 ? a << b : 0);
		return true;
	case 0x25: /* DW_OP_shr */
		push(s, b < 64 ? a >> b : 0);
		return true;
	case 0x29: /* DW_OP_eq .. DW_OP_ne, in order */
		push(s, a == b);
		return true;
	case 0x2a:
		push(s, (int64_t)a >= (int64_t)b);
		return true;
	case 0x2b:
		push(s, (int64_t)a > (int64_t)b);
		return true;
	case 0x2c:
		push(s, (int64_t)a <= (int64_t)b);
		return true;
	case 0x2d:
		push(s, (int64_t)a < (int64_t)b);
		return true;
	case 0x2e:
		push(s, a != b);
		return true;
	default:
		return false;
	}
}

/* DW_OP_deref, DW_OP_dup, DW_OP_drop, DW_OP_plus_uconst, or two operands. */
static bool other(struct cfi_stack *s, uint8_t op, struct cfi_bytes *b,
		  const struct cfi_bounds *bounds)
{
	uint64_t value = 0;

	switch (op) {
	case 0x06:
		if (!cfi_load(pop(s), bounds, &value))
			return false;
		push(s, value);
		return true;
	case 0x12:
		value = pop(s);
		push(s, value);
		push(s, value);
		return true;
	case 0x13:
		pop(s);
		return true;
	case 0x23:
		push(s, pop(s) + cfi_uleb(b));
		return true;
	default:
		return binary(s, op);
	}
}

bool cfi_evaluate(struct cfi_stack *s, struct cfi_bytes e,
		  const struct cfi_frame *f, const uint64_t *cfa,
		  const struct cfi_bounds *bounds, uint64_t *result)
{
	uint64_t value;

	s->size = 0;
	s->failed = false;
	if (cfa)
		push(s, *cfa);
	while (e.p < e.end && !s->failed) {
		uint8_t op = *e.p++;

		if (op >= 0x30 && op < 0x50) { /* DW_OP_lit0 .. lit31 */
			push(s, op - 0x30u);
		} else if (op >= 0x70 && op < 0x90) { /* DW_OP_breg0 .. 31 */
			if (!register_value(f, op - 0x70u, &value))
				return false;
			push(s, value + (uint64_t)cfi_sleb(&e));
		} else if (!constant(s, op, &e) && !other(s, op, &e, bounds)) {
			return false;
		}
	}
	*result = pop(s);
	return !s->failed;
}
