/* SPDX-License-Identifier: MIT */
/*
 * Call frame information: what `.eh_frame` says about one code address, and
 * one step from a frame to its caller by it (DWARF 4, section 6.4; System V
 * ABI for x86-64, section 3.7; LSB core, "Exception frames").
 *
 * Modules are found by image.h, which takes no lock.  Nothing here allocates;
 * all of it may run inside malloc and in a signal handler.
 */
#ifndef CFI_H
#define CFI_H

#include <stdbool.h>
#include <stdint.h>

/* A frame, as its callee's return would leave the registers. */
struct cfi_frame {
	uint64_t pc; /* return address; of interrupted code: its address + 1 */
	uint64_t sp;
	uint64_t rbp;
};

/* Words that may be read: least <= address, address + 8 <= most. */
struct cfi_bounds {
	uint64_t least, most;
};

enum cfi_kind {
	CFI_NONE,    /* no information: the walk is cut here */
	CFI_END,     /* the outermost frame */
	CFI_PLAIN,   /* CFA is rsp or rbp plus an offset, see below */
	CFI_COMPLEX, /* only cfi_step() can step */
};

/* The rule for one address; for CFI_PLAIN the return address is at CFA-8. */
struct cfi_rule {
	enum cfi_kind kind;
	bool from_rbp;      /* CFA = rbp + offset, else rsp + offset */
	int32_t offset;     /* bytes */
	int32_t rbp_offset; /* rbp is saved at CFA + this; 0: not saved */
};

/* Memory to work in, which is too much for small stacks: what is in it before
 * and after a call means nothing. */
struct cfi_work {
	uint64_t words[224];
};

struct cfi_rule cfi_rule(uint64_t pc, struct cfi_work *work);

/*
 * Replaces `f` by its caller, whatever the rule's kind. Returns CFI_PLAIN if it
 * did, CFI_END or CFI_NONE if it cannot.
 */
enum cfi_kind cfi_step(struct cfi_frame *f, const struct cfi_bounds *bounds,
		       struct cfi_work *work);

/* Whether a signal's handler returns to `pc`. */
bool cfi_is_signal_frame(uint64_t pc, struct cfi_work *work);

#endif
