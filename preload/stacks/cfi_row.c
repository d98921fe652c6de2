/* SPDX-License-Identifier: MIT */
/* Call frame instructions and location expressions. */
#include "cfi_row.h"

#include <stddef.h>
#include <string.h>

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

static void set(struct cfi_machine *m, uint64_t number, int kind,
		int64_t offset)
{
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = (struct cfi_place){ .kind = kind, .offset = offset };
}

static void restore(struct cfi_machine *m, uint64_t number)
{
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = *place(&m->initial, number);
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

static void set_expression(struct cfi_machine *m, struct cfi_bytes *b, int kind)
{
	uint64_t number = cfi_uleb(b);
	struct cfi_bytes e = block(b);
	struct cfi_place *p = place(&m->row, number);

	if (p)
		*p = (struct cfi_place){ .kind = kind, .expression = e };
}

static void set_cfa(struct cfi_machine *m, uint64_t number, int64_t offset)
{
	m->row.cfa_register = number;
	m->row.cfa_offset = offset;
	m->row.cfa_expression = (struct cfi_bytes){ NULL, NULL };
}

static void advance(struct cfi_machine *m, uint64_t delta)
{
	m->location += delta * m->fde->code_align;
}

static int64_t factored(struct cfi_machine *m, int64_t n)
{
	return (int64_t)((uint64_t)n * (uint64_t)m->fde->data_align);
}

static void save(struct cfi_machine *m, bool push)
{
	if (push ? m->saves == CFI_SAVED_ROWS : m->saves == 0)
		m->failed = true;
	else if (push)
		m->saved[m->saves++] = m->row;
	else
		m->row = m->saved[--m->saves];
}

/* Instructions whose operand is in their own low six bits. */
static bool packed(struct cfi_machine *m, uint8_t op, struct cfi_bytes *b)
{
	switch (op & 0xc0) {
	case 0x40:
		advance(m, op & 0x3f);
		return true;
	case 0x80:
		set(m, op & 0x3f, CFI_OFFSET,
		    factored(m, (int64_t)cfi_uleb(b)));
		return true;
	case 0xc0:
		restore(m, op & 0x3f);
		return true;
	default:
		return false;
	}
}

/* Instructions about the CFA. */
static bool about_cfa(struct cfi_machine *m, uint8_t op, struct cfi_bytes *b)
{
	uint64_t number;

	switch (op) {
	case 0x0c: /* DW_CFA_def_cfa */
		number = cfi_uleb(b);
		set_cfa(m, number, (int64_t)cfi_uleb(b));
		return true;
	case 0x0d: /* DW_CFA_def_cfa_register */
		set_cfa(m, cfi_uleb(b), m->row.cfa_offset);
		return true;
	case 0x0e: /* DW_CFA_def_cfa_offset */
		m->row.cfa_offset = (int64_t)cfi_uleb(b);
		return true;
	case 0x0f: /* DW_CFA_def_cfa_expression */
		m->row.cfa_expression = block(b);
		return true;
	case 0x12: /* DW_CFA_def_cfa_sf */
		number = cfi_uleb(b);
		set_cfa(m, number, factored(m, cfi_sleb(b)));
		return true;
	case 0x13: /* DW_CFA_def_cfa_offset_sf */
		m->row.cfa_offset = factored(m, cfi_sleb(b));
		return true;
	default:
		return false;
	}
}

/* Instructions about the place in the code and whole rows. */
static bool about_rows(struct cfi_machine *m, uint8_t op, struct cfi_bytes *b)
{
	switch (op) {
	case 0x00: /* DW_CFA_nop */
		return true;
	case 0x01: /* DW_CFA_set_loc */
		if (!cfi_pointer(b, m->fde->encoding, 0, &m->location))
			m->failed = true;
		return true;
	case 0x02: /* DW_CFA_advance_loc1 */
		advance(m, cfi_unsigned(b, 1));
		return true;
	case 0x03: /* DW_CFA_advance_loc2 */
		advance(m, cfi_unsigned(b, 2));
		return true;
	case 0x04: /* DW_CFA_advance_loc4 */
		advance(m, cfi_unsigned(b, 4));
		return true;
	case 0x0a: /* DW_CFA_remember_state */
	case 0x0b: /* DW_CFA_restore_state */
		save(m, op == 0x0a);
		return true;
	case 0x2e: /* DW_CFA_GNU_args_size */
		cfi_uleb(b);
		return true;
	default:
		return false;
	}
}

/* Instructions about one register. */
static bool about_register(struct cfi_machine *m, uint8_t op,
			   struct cfi_bytes *b)
{
	uint64_t number;

	switch (op) {
	case 0x05: /* DW_CFA_offset_extended */
		number = cfi_uleb(b);
		set(m, number, CFI_OFFSET, factored(m, (int64_t)cfi_uleb(b)));
		return true;
	case 0x06: /* DW_CFA_restore_extended */
		restore(m, cfi_uleb(b));
		return true;
	case 0x07: /* DW_CFA_undefined */
		set(m, cfi_uleb(b), CFI_UNDEFINED, 0);
		return true;
	case 0x08: /* DW_CFA_same_value */
		set(m, cfi_uleb(b), CFI_SAME, 0);
		return true;
	case 0x09: /* DW_CFA_register */
		number = cfi_uleb(b);
		cfi_uleb(b);
		set(m, number, CFI_OTHER, 0);
		return true;
	case 0x10: /* DW_CFA_expression */
		set_expression(m, b, CFI_EXPRESSION);
		return true;
	case 0x11: /* DW_CFA_offset_extended_sf */
		number = cfi_uleb(b);
		set(m, number, CFI_OFFSET, factored(m, cfi_sleb(b)));
		return true;
	case 0x14: /* DW_CFA_val_offset */
		number = cfi_uleb(b);
		set(m, number, CFI_VALUE, factored(m, (int64_t)cfi_uleb(b)));
		return true;
	case 0x15: /* DW_CFA_val_offset_sf */
		number = cfi_uleb(b);
		set(m, number, CFI_VALUE, factored(m, cfi_sleb(b)));
		return true;
	case 0x16: /* DW_CFA_val_expression */
		set_expression(m, b, CFI_VALUE_EXPRESSION);
		return true;
	default:
		return false;
	}
}

static void run(struct cfi_machine *m, struct cfi_bytes b)
{
	while (b.p < b.end && m->location <= m->pc && !m->failed) {
		uint8_t op = *b.p++;

		if (op & 0xc0
			? !packed(m, op, &b)
			: !about_cfa(m, op, &b) && !about_rows(m, op, &b) &&
			      !about_register(m, op, &b))
			m->failed = true;
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
