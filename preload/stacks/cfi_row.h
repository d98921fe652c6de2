/* SPDX-License-Identifier: MIT */
/* Inside cfi: how an FDE is found, run and evaluated. */
#ifndef CFI_ROW_H
#define CFI_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"
#include "image.h"

/* DWARF's numbers of the registers that are followed. */
enum { CFI_RBP = 6, CFI_RSP = 7, CFI_RIP = 16 };

struct cfi_bytes {
	const uint8_t *p, *end;
};

/* Where a register of the caller is. */
struct cfi_place {
	enum {
		CFI_SAME,
		CFI_UNDEFINED,
		CFI_OFFSET,     /* stored at CFA + offset */
		CFI_VALUE,      /* is CFA + offset */
		CFI_EXPRESSION, /* stored where the expression says */
		CFI_VALUE_EXPRESSION,
		CFI_OTHER, /* in a register that is not followed */
	} kind;
	int64_t offset;
	struct cfi_bytes expression;
};

/* The row of the unwind table that holds for one address. */
struct cfi_row {
	uint64_t cfa_register; /* without an expression */
	int64_t cfa_offset;
	struct cfi_bytes cfa_expression; /* p NULL: none */
	struct cfi_place rbp, rsp, rip;
	bool signal; /* the caller was interrupted, it did not call */
};

/* One FDE and what its CIE says. */
struct cfi_fde {
	struct cfi_bytes initial;      /* the CIE's instructions */
	struct cfi_bytes instructions; /* the FDE's own */
	uint64_t start;                /* of the function */
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_register;
	uint8_t encoding; /* of addresses */
	bool signal;
};

#define CFI_SAVED_ROWS 8

/* What the instructions work on. */
struct cfi_machine {
	const struct cfi_fde *fde;
	struct cfi_row row;
	struct cfi_row initial; /* after the CIE's instructions */
	struct cfi_row saved[CFI_SAVED_ROWS];
	unsigned saves;
	uint64_t location, pc;
	bool failed;
};

#define CFI_STACK_SIZE 16

/* Where an expression is evaluated. */
struct cfi_stack {
	uint64_t values[CFI_STACK_SIZE];
	unsigned size;
	bool failed;
};

/* Finds the FDE that covers `pc`, and *image, which it is in; false if there is
 * none or it cannot be read. */
bool cfi_fde_find(uint64_t pc, struct image *image, struct cfi_fde *fde);
/* Runs the instructions up to `pc`; the row is in `m->row`. */
bool cfi_row_make(struct cfi_machine *m, const struct cfi_fde *fde,
		  uint64_t pc);
/* Evaluates the expression on `s`; `cfa` is the first value there, or NULL. */
bool cfi_evaluate(struct cfi_stack *s, struct cfi_bytes expression,
		  const struct cfi_frame *f, const uint64_t *cfa,
		  const struct cfi_bounds *bounds, uint64_t *result);
bool cfi_load(uint64_t address, const struct cfi_bounds *bounds,
	      uint64_t *value);

/* Read a number of `size` bytes: 1, 2, 4 or 8. */
uint64_t cfi_unsigned(struct cfi_bytes *b, unsigned size);
uint64_t cfi_signed(struct cfi_bytes *b, unsigned size);
uint64_t cfi_uleb(struct cfi_bytes *b);
int64_t cfi_sleb(struct cfi_bytes *b);
/* Reads a pointer of the given DW_EH_PE encoding; false if that is not
 * supported. */
bool cfi_pointer(struct cfi_bytes *b, uint8_t encoding, uint64_t data_base,
		 uint64_t *value);

#endif
