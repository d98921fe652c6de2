/* SPDX-License-Identifier: MIT */
#include "locals.h"

#include <dwarf.h>
#include <stdlib.h>

#include "code_words.h"
#include "flow.h"
#include "list.h"

#define REGISTERS 16u

/* --- Where a caller's registers are ------------------------------------------- */

/* "At the CFA + offset"; other rules are not understood. */
static bool read_rule(const Dwarf_Op *ops, size_t count, int64_t *offset)
{
	if (!count || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	*offset = count == 2 ? (int64_t)ops[1].number : 0;
	return count == 1 || (count == 2 && ops[1].atom == DW_OP_plus_uconst);
}

static void read_saved(struct locals *l, Dwarf_CFI *cfi, uint64_t pc)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Op memory[3], *ops;
	size_t count;

	if (dwarf_cfi_addrframe(cfi, pc, &frame))
		return;
	for (unsigned reg = 0; reg < REGISTERS; reg++) {
		struct locals_saved *s = &l->saved[l->saved_count];

		if (!dwarf_frame_register(frame, (int)reg, memory, &ops,
					  &count) &&
		    read_rule(ops, count, &s->offset)) {
			s->reg = reg;
			l->saved_count++;
		}
	}
	free(frame);
}

/* --- Variables that have a value ------------------------------------------------ */

/* Where it is, from the CFA at `address`; false: that is not known. */
static bool from_cfa(struct flow_module *f, uint64_t address,
		     const struct local *v, int64_t *at)
{
	if (v->kind == PLACE_FRAME) {
		*at = v->offset;
		return true;
	}
	return v->kind == PLACE_NEAR &&
	       flow_from_cfa(f, address, v->reg, v->offset, at);
}

/* The instruction uses what is there, or takes its address: marks that. */
static void mark(struct flow_module *f, struct locals *l, int64_t at)
{
	for (size_t i = 0; i < l->count; i++) {
		struct local *v = &l->list[i];
		int64_t start;

		if (!v->set && from_cfa(f, l->address, v, &start) &&
		    at >= start && at - start < (int64_t)v->type->size)
			v->set = true;
	}
}

/* Code that reads a variable has written it before, as a rule. An address is
 * taken by lea, and of what is lowest in the frame by mov. */
static void mark_used(struct flow_module *f, struct locals *l, const cs_insn *i)
{
	for (uint8_t k = 0; k < i->detail->x86.op_count; k++) {
		const cs_x86_op *op = &i->detail->x86.operands[k];
		int64_t at, offset = 0;
		unsigned base;

		if (op->type == X86_OP_MEM) {
			base = flow_register(op->mem.base);
			offset = op->mem.disp;
		} else if (op->type == X86_OP_REG && i->id == X86_INS_MOV &&
			   k) {
			base = flow_register(op->reg);
		} else {
			continue;
		}
		if (flow_from_cfa(f, i->address, base, offset, &at))
			mark(f, l, at);
	}
}

/*
 * The code before the place, as it stands. A variable that only later code uses
 * may have a value, in a loop; nothing is said of it.
 */
static void find_used(struct flow_module *f, struct locals *l, uint64_t low)
{
	const struct disassembler *d = disassembler_get();
	struct code_bytes b = code_bytes_at(f->m, low);
	const uint8_t *code;
	size_t size;
	cs_insn *i;

	if (!d || !low || !b.data || low < b.low || l->address >= b.high)
		return;
	code = b.data + (low - b.low);
	size = (size_t)(l->address - low);
	i = d->malloc(d->x86_64);
	while (d->disasm_iter(d->x86_64, &code, &size, &low, i))
		mark_used(f, l, i);
	d->free(i, 1);
}

static void read_locals(struct locals *l, const struct variables *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct variable *v = &all->list[i];
		const struct place_range *p = variable_place(v, l->address);

		if (!p || !v->name || !variable_is_seen(all, v, l->address))
			continue;
		*LIST_ADD(l->list, l->count) = (struct local){
			.name = v->name,
			.function = v->inlined,
			.type = v->type,
			.kind = p->kind,
			.reg = p->reg,
			.offset = p->offset,
			.set = v->listed || v->parameter,
		};
	}
}

static void find(struct flow_module *f, struct locals *l)
{
	const struct variables *all;
	bool all_set = true;
	uint64_t low;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;

	all = flow_variables(f, l->address, &low);
	if (all)
		read_locals(l, all);
	for (size_t i = 0; i < l->count; i++)
		all_set &= l->list[i].set;
	if (!all_set)
		find_used(f, l, low);
	cfi = dwfl_module_eh_cfi(f->m->module, &bias);
	if (cfi)
		read_saved(l, cfi, l->address - bias);
}

const struct locals *locals_at(struct flow_module *f, uint64_t address)
{
	struct locals *l;

	HASH_FIND(hh, f->locals, &address, sizeof(address), l);
	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->address = address;
	l->known = flow_has_file(f);
	if (l->known) {
		find(f, l);
		f->changed = true;
	}
	HASH_ADD(hh, f->locals, address, sizeof(l->address), l);
	return l;
}
