/* SPDX-License-Identifier: MIT */
#include "cfi.h"

#include <stddef.h>

#include "cfi_row.h"
#include "modules.h"

/* A return address may be the first byte of another function's code. */
static bool row_of(uint64_t pc, struct cfi_row *row)
{
	struct cfi_fde fde;

	return cfi_fde_find(pc - 1, &fde) && cfi_row_make(&fde, pc - 1, row);
}

static bool is_plain(const struct cfi_row *row)
{
	return !row->cfa_expression.p && !row->signal &&
	       (row->cfa_register == CFI_RBP || row->cfa_register == CFI_RSP) &&
	       row->rip.kind == CFI_OFFSET && row->rip.offset == -8 &&
	       row->rsp.kind == CFI_SAME &&
	       (row->rbp.kind == CFI_SAME ||
		(row->rbp.kind == CFI_OFFSET && row->rbp.offset < -8)) &&
	       row->cfa_offset == (int32_t)row->cfa_offset &&
	       row->rbp.offset == (int32_t)row->rbp.offset;
}

/*
 * Nothing called this frame: the kernel enters the loader where that has no
 * information, and makecontext() plants a function's first address, before
 * which no call can stand.
 */
static bool is_planted(uint64_t pc)
{
	struct cfi_fde fde;

	return modules_is_loader(pc - 1) ||
	       (cfi_fde_find(pc, &fde) && fde.start == pc);
}

struct cfi_rule cfi_rule(uint64_t pc)
{
	struct cfi_rule rule = { .kind = CFI_NONE };
	struct cfi_row row;

	if (!row_of(pc, &row)) {
		rule.kind = is_planted(pc) ? CFI_END : CFI_NONE;
	} else if (row.rip.kind == CFI_UNDEFINED) {
		rule.kind = CFI_END;
	} else if (is_plain(&row)) {
		rule.kind = CFI_PLAIN;
		rule.from_rbp = row.cfa_register == CFI_RBP;
		rule.offset = (int32_t)row.cfa_offset;
		rule.rbp_offset = (int32_t)row.rbp.offset;
	} else {
		rule.kind = CFI_COMPLEX;
	}
	return rule;
}

static bool find_cfa(const struct cfi_row *row, const struct cfi_frame *f,
		     const struct cfi_bounds *bounds, uint64_t *cfa)
{
	struct cfi_frame at = { f->pc - 1, f->sp, f->rbp };

	if (row->cfa_expression.p)
		return cfi_evaluate(row->cfa_expression, &at, false, 0, bounds,
				    cfa);
	if (row->cfa_register != CFI_RBP && row->cfa_register != CFI_RSP)
		return false;
	*cfa = (row->cfa_register == CFI_RBP ? f->rbp : f->sp) +
	       (uint64_t)row->cfa_offset;
	return true;
}

static bool fetch(const struct cfi_place *p, const struct cfi_frame *f,
		  uint64_t cfa, uint64_t same, const struct cfi_bounds *bounds,
		  uint64_t *value)
{
	struct cfi_frame at = { f->pc - 1, f->sp, f->rbp };
	uint64_t address;

	switch (p->kind) {
	case CFI_SAME:
		*value = same;
		return true;
	case CFI_OFFSET:
		return cfi_load(cfa + (uint64_t)p->offset, bounds, value);
	case CFI_VALUE:
		*value = cfa + (uint64_t)p->offset;
		return true;
	case CFI_EXPRESSION:
		return cfi_evaluate(p->expression, &at, true, cfa, bounds,
				    &address) &&
		       cfi_load(address, bounds, value);
	case CFI_VALUE_EXPRESSION:
		return cfi_evaluate(p->expression, &at, true, cfa, bounds,
				    value);
	case CFI_UNDEFINED:
	case CFI_OTHER:
	default:
		return false;
	}
}

bool cfi_is_signal_frame(uint64_t pc)
{
	struct cfi_row row;

	return row_of(pc, &row) && row.signal;
}

enum cfi_kind cfi_step(struct cfi_frame *f, const struct cfi_bounds *bounds)
{
	struct cfi_frame caller;
	struct cfi_row row;
	uint64_t cfa;

	if (!row_of(f->pc, &row))
		return CFI_NONE;
	if (row.rip.kind == CFI_UNDEFINED)
		return CFI_END;
	if (!find_cfa(&row, f, bounds, &cfa) ||
	    !fetch(&row.rip, f, cfa, f->pc, bounds, &caller.pc) ||
	    !fetch(&row.rsp, f, cfa, cfa, bounds, &caller.sp))
		return CFI_NONE;
	if (row.rbp.kind == CFI_UNDEFINED || row.rbp.kind == CFI_OTHER)
		caller.rbp = 0;
	else if (!fetch(&row.rbp, f, cfa, f->rbp, bounds, &caller.rbp))
		return CFI_NONE;
	if (!caller.pc)
		return CFI_END;
	if (row.signal)
		caller.pc++;
	*f = caller;
	return CFI_PLAIN;
}
