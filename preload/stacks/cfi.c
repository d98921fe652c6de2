/* SPDX-License-Identifier: MIT */
#include "cfi.h"

#include <assert.h>
#include <stddef.h>

#include "cfi_row.h"
#include "modules.h"

struct work {
	struct image image;
	struct cfi_fde fde;
	struct cfi_machine machine;
	struct cfi_stack stack;
	struct cfi_frame at; /* of the frame's own instruction */
};
static_assert(sizeof(struct work) <= sizeof(struct cfi_work), "no room");

static struct work *in(struct cfi_work *room)
{
	return (struct work *)(void *)room;
}

/* A return address may be the first byte of another function's code. NULL: there
 * is no row. */
static const struct cfi_row *row_of(uint64_t pc, struct cfi_work *room)
{
	struct work *w = in(room);

	return cfi_fde_find(pc - 1, &w->image, &w->fde) &&
		       cfi_row_make(&w->machine, &w->fde, pc - 1)
		   ? &w->machine.row
		   : NULL;
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

struct cfi_rule cfi_rule(uint64_t pc, struct cfi_work *work)
{
	struct cfi_rule rule = { .kind = CFI_NONE };
	const struct cfi_row *row = row_of(pc, work);

	if (!row) {
		struct work *w = in(work);

		/* Nothing called this frame: the kernel enters the loader
		 * where that has no information, and makecontext() plants a
		 * function's first address, before which no call can be. */
		if (modules_is_loader(pc - 1) ||
		    (cfi_fde_find(pc, &w->image, &w->fde) &&
		     w->fde.start == pc))
			rule.kind = CFI_END;
	} else if (row->rip.kind == CFI_UNDEFINED) {
		rule.kind = CFI_END;
	} else if (is_plain(row)) {
		rule.kind = CFI_PLAIN;
		rule.from_rbp = row->cfa_register == CFI_RBP;
		rule.offset = (int32_t)row->cfa_offset;
		rule.rbp_offset = (int32_t)row->rbp.offset;
	} else {
		rule.kind = CFI_COMPLEX;
	}
	return rule;
}

static bool fetch(struct work *w, const struct cfi_place *p, uint64_t cfa,
		  uint64_t same, const struct cfi_bounds *bounds,
		  uint64_t *value)
{
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
		return cfi_evaluate(&w->stack, p->expression, &w->at, &cfa,
				    bounds, &address) &&
		       cfi_load(address, bounds, value);
	case CFI_VALUE_EXPRESSION:
		return cfi_evaluate(&w->stack, p->expression, &w->at, &cfa,
				    bounds, value);
	case CFI_UNDEFINED:
	case CFI_OTHER:
	default:
		return false;
	}
}

bool cfi_is_signal_frame(uint64_t pc, struct cfi_work *work)
{
	const struct cfi_row *row = row_of(pc, work);

	return row && row->signal;
}

enum cfi_kind cfi_step(struct cfi_frame *f, const struct cfi_bounds *bounds,
		       struct cfi_work *work)
{
	const struct cfi_row *row = row_of(f->pc, work);
	struct work *w = in(work);
	struct cfi_frame caller;
	uint64_t cfa;

	if (!row)
		return CFI_NONE;
	if (row->rip.kind == CFI_UNDEFINED)
		return CFI_END;
	w->at = (struct cfi_frame){ f->pc - 1, f->sp, f->rbp };
	cfa = (row->cfa_register == CFI_RBP ? f->rbp : f->sp) +
	      (uint64_t)row->cfa_offset;
	if (row->cfa_expression.p
		? !cfi_evaluate(&w->stack, row->cfa_expression, &w->at, NULL,
				bounds, &cfa)
		: row->cfa_register != CFI_RBP && row->cfa_register != CFI_RSP)
		return CFI_NONE;
	if (!fetch(w, &row->rip, cfa, f->pc, bounds, &caller.pc) ||
	    !fetch(w, &row->rsp, cfa, cfa, bounds, &caller.sp))
		return CFI_NONE;
	if (row->rbp.kind == CFI_UNDEFINED || row->rbp.kind == CFI_OTHER)
		caller.rbp = 0;
	else if (!fetch(w, &row->rbp, cfa, f->rbp, bounds, &caller.rbp))
		return CFI_NONE;
	if (!caller.pc)
		return CFI_END;
	if (row->signal)
		caller.pc++;
	*f = caller;
	return CFI_PLAIN;
}
