/* SPDX-License-Identifier: MIT */
/*
 * Call frame instructions, and location expressions as far as unwind tables use
 * them: realigned frames, procedure linkage table entries and the kernel's
 * signal frames. A function for an instruction returns whether it is known.
 */
#include "cfi_row.h"

#include <dwarf.h>
#include <stddef.h>
#include <string.h>

/* --- Expressions -------------------------------------------------------------- */

static bool push(struct cfi_stack *s, uint64_t value)
{
	if (s->size == CFI_STACK_SIZE)
		s->failed = true;
	else
		s->values[s->size++] = value;
	return true;
}

static uint64_t pop(struct cfi_stack *s)
{
	if (s->size)
		return s->values[--s->size];
	s->failed = true;
	return 0;
}

static bool push_register(struct cfi_stack *s, const struct cfi_frame *f,
			  int number, int64_t offset)
{
	switch (number) {
	case CFI_RBP:
		return push(s, f->rbp + (uint64_t)offset);
	case CFI_RSP:
		return push(s, f->sp + (uint64_t)offset);
	case CFI_RIP:
		return push(s, f->pc + (uint64_t)offset);
	default:
		return false;
	}
}

static bool binary(struct cfi_stack *s, uint8_t op)
{
	uint64_t b = pop(s), a = pop(s);

	switch (op) {
	case DW_OP_and:
		return push(s, a & b);
	case DW_OP_minus:
		return push(s, a - b);
	case DW_OP_mul:
		return push(s, a * b);
	case DW_OP_or:
		return push(s, a | b);
	case DW_OP_plus:
		return push(s, a + b);
	case DW_OP_shl:
		return push(s, b < 64 ? a << b : 0);
	case DW_OP_shr:
		return push(s, b < 64 ? a >> b : 0);
	case DW_OP_eq:
		return push(s, a == b);
	case DW_OP_ge:
		return push(s, (int64_t)a >= (int64_t)b);
	case DW_OP_gt:
		return push(s, (int64_t)a > (int64_t)b);
	case DW_OP_le:
		return push(s, (int64_t)a <= (int64_t)b);
	case DW_OP_lt:
		return push(s, (int64_t)a < (int64_t)b);
	case DW_OP_ne:
		return push(s, a != b);
	default:
		return false;
	}
}

static bool operate(struct cfi_stack *s, uint8_t op, struct cfi_bytes *e,
		    const struct cfi_frame *f, const struct cfi_bounds *bounds)
{
	uint64_t value = 0;
	unsigned size;

	switch (op) {
	case DW_OP_lit0 ... DW_OP_lit31:
		return push(s, op - DW_OP_lit0);
	case DW_OP_breg0 ... DW_OP_breg31:
		return push_register(s, f, op - DW_OP_breg0, cfi_sleb(e));
	case DW_OP_const1u ... DW_OP_const8s: /* 1u, 1s, 2u, 2s, 4u ... */
		size = 1u << (op - DW_OP_const1u) / 2;
		return push(s, (op - DW_OP_const1u) % 2
				   ? cfi_signed(e, size)
				   : cfi_unsigned(e, size));
	case DW_OP_constu:
		return push(s, cfi_uleb(e));
	case DW_OP_consts:
		return push(s, (uint64_t)cfi_sleb(e));
	case DW_OP_deref:
		return cfi_load(pop(s), bounds, &value) && push(s, value);
	case DW_OP_dup:
		value = pop(s);
		return push(s, value) && push(s, value);
	case DW_OP_drop:
		pop(s);
		return true;
	case DW_OP_plus_uconst:
		return push(s, pop(s) + cfi_uleb(e));
	default:
		return binary(s, op);
	}
}

bool cfi_evaluate(struct cfi_stack *s, struct cfi_bytes e,
		  const struct cfi_frame *f, const uint64_t *cfa,
		  const struct cfi_bounds *bounds, uint64_t *result)
{
	s->size = 0;
	s->failed = false;
	if (cfa)
		push(s, *cfa);
	while (e.p < e.end && !s->failed) {
		uint8_t op = *e.p++;

		if (!operate(s, op, &e, f, bounds))
			return false;
	}
	*result = pop(s);
	return !s->failed;
}

/* --- Instructions ------------------------------------------------------------- */

static struct cfi_place *place(struct cfi_row *row, uint64_t number)
{
	switch (number) {
	case CFI_RBP:
		return &row->rbp;
	case CFI_RSP:
		return &row->rsp;
	case CFI_RIP:
		return &row->rip;
	default:
		return NULL;
	}
}

static bool set(struct cfi_machine *m, uint64_t number, int kind,
		int64_t offset)
{
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = (struct cfi_place){ .kind = kind, .offset = offset };
	return true;
}

static bool restore(struct cfi_machine *m, uint64_t number)
{
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = *place(&m->initial, number);
	return true;
}

static struct cfi_bytes block(struct cfi_bytes *b)
{
	uint64_t size = cfi_uleb(b);
	struct cfi_bytes e = { b->p, b->end };

	if (size < (uint64_t)(b->end - b->p))
		e.end = b->p + size;
	b->p = e.end;
	return e;
}

static bool set_expression(struct cfi_machine *m, uint64_t number, int kind,
			   struct cfi_bytes *b)
{
	struct cfi_bytes e = block(b);
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = (struct cfi_place){ .kind = kind, .expression = e };
	return true;
}

static bool set_cfa(struct cfi_machine *m, uint64_t number, int64_t offset)
{
	m->row.cfa_register = number;
	m->row.cfa_offset = offset;
	m->row.cfa_expression = (struct cfi_bytes){ NULL, NULL };
	return true;
}

static bool set_cfa_offset(struct cfi_machine *m, int64_t offset)
{
	m->row.cfa_offset = offset;
	return true;
}

static bool advance(struct cfi_machine *m, uint64_t delta)
{
	m->location += delta * m->fde->code_align;
	return true;
}

static int64_t factored(struct cfi_machine *m, int64_t n)
{
	return (int64_t)((uint64_t)n * (uint64_t)m->fde->data_align);
}

/* Instructions whose first operand is the number of a register. */
static bool about_register(struct cfi_machine *m, uint8_t op, uint64_t number,
			   struct cfi_bytes *b)
{
	switch (op) {
	case DW_CFA_def_cfa:
		return set_cfa(m, number, (int64_t)cfi_uleb(b));
	case DW_CFA_def_cfa_sf:
		return set_cfa(m, number, factored(m, cfi_sleb(b)));
	case DW_CFA_def_cfa_register:
		return set_cfa(m, number, m->row.cfa_offset);
	case DW_CFA_offset: /* in the instruction itself */
	case DW_CFA_offset_extended:
		return set(m, number, CFI_OFFSET,
			   factored(m, (int64_t)cfi_uleb(b)));
	case DW_CFA_offset_extended_sf:
		return set(m, number, CFI_OFFSET, factored(m, cfi_sleb(b)));
	case DW_CFA_val_offset:
		return set(m, number, CFI_VALUE,
			   factored(m, (int64_t)cfi_uleb(b)));
	case DW_CFA_val_offset_sf:
		return set(m, number, CFI_VALUE, factored(m, cfi_sleb(b)));
	case DW_CFA_expression:
		return set_expression(m, number, CFI_EXPRESSION, b);
	case DW_CFA_val_expression:
		return set_expression(m, number, CFI_VALUE_EXPRESSION, b);
	case DW_CFA_restore:
	case DW_CFA_restore_extended:
		return restore(m, number);
	case DW_CFA_undefined:
		return set(m, number, CFI_UNDEFINED, 0);
	case DW_CFA_same_value:
		return set(m, number, CFI_SAME, 0);
	case DW_CFA_register:
		cfi_uleb(b);
		return set(m, number, CFI_OTHER, 0);
	default:
		return false;
	}
}

#define PACKED 0xc0 /* an operand is in the other six bits */

static bool execute(struct cfi_machine *m, uint8_t op, struct cfi_bytes *b)
{
	switch (op & PACKED ? op & PACKED : op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_set_loc:
		return cfi_pointer(b, m->fde->encoding, 0, &m->location);
	case DW_CFA_advance_loc:
		return advance(m, op & ~PACKED);
	case DW_CFA_advance_loc1:
		return advance(m, cfi_unsigned(b, 1));
	case DW_CFA_advance_loc2:
		return advance(m, cfi_unsigned(b, 2));
	case DW_CFA_advance_loc4:
		return advance(m, cfi_unsigned(b, 4));
	case DW_CFA_remember_state:
		if (m->saves == CFI_SAVED_ROWS)
			return false;
		m->saved[m->saves++] = m->row;
		return true;
	case DW_CFA_restore_state:
		if (!m->saves)
			return false;
		m->row = m->saved[--m->saves];
		return true;
	case DW_CFA_GNU_args_size:
		cfi_uleb(b);
		return true;
	case DW_CFA_def_cfa_offset:
		return set_cfa_offset(m, (int64_t)cfi_uleb(b));
	case DW_CFA_def_cfa_offset_sf:
		return set_cfa_offset(m, factored(m, cfi_sleb(b)));
	case DW_CFA_def_cfa_expression:
		m->row.cfa_expression = block(b);
		return true;
	case DW_CFA_offset:
	case DW_CFA_restore:
		return about_register(m, op & PACKED, op & ~PACKED, b);
	default:
		return about_register(m, op, cfi_uleb(b), b);
	}
}

static void run(struct cfi_machine *m, struct cfi_bytes b)
{
	while (b.p < b.end && m->location <= m->pc && !m->failed) {
		uint8_t op = *b.p++;

		m->failed = !execute(m, op, &b);
	}
}

bool cfi_row_make(struct cfi_machine *m, const struct cfi_fde *fde, uint64_t pc)
{
	m->fde = fde;
	m->pc = pc;
	m->location = fde->start;
	m->saves = 0;
	m->failed = fde->return_register != CFI_RIP;
	memset(&m->row, 0, sizeof(m->row));
	memset(&m->initial, 0, sizeof(m->initial));
	m->row.rip.kind = CFI_UNDEFINED;
	run(m, fde->initial);
	m->initial = m->row;
	run(m, fde->instructions);
	m->row.signal = fde->signal;
	return !m->failed;
}

bool cfi_load(uint64_t address, const struct cfi_bounds *bounds,
	      uint64_t *value)
{
	if (address < bounds->least || address > bounds->most - 8 ||
	    address % 8)
		return false;
	*value = *(const uint64_t *)(uintptr_t)address;
	return true;
}
