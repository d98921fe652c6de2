/* SPDX-License-Identifier: MIT */
#include "stack_base.h"

#include <stdbool.h>

#include "cfi.h"
#include "image.h"
#include "libc.h"

#define MOST_FRAMES 16
#define MOST_BYTES  4096 /* from exit() up */

extern void *__libc_stack_end;

static bool in_library_of(uint64_t pc, const void *of)
{
	struct image i;

	return image_find(ADDRESS(of), &i) && pc >= i.start && pc < i.end;
}

COLD uint64_t stack_base_low(uint64_t low)
{
	const struct stack_base_saved *r =
	    (const struct stack_base_saved *)(uintptr_t)low;
	uint64_t top = ADDRESS(__libc_stack_end);
	const struct cfi_bounds bounds = { low, top };
	struct cfi_work work;
	struct cfi_frame f = { r->pc, low + sizeof(*r), r->rbp };

	if (low > top || top - low > MOST_BYTES)
		return low;
	for (int i = 0; i < MOST_FRAMES; i++) {
		uint64_t pc = f.pc;
		enum cfi_kind kind = cfi_step(&f, &bounds, &work);

		if (kind == CFI_END)
			return top;
		if (kind == CFI_NONE ||
		    (!in_library_of(pc,
				    (const void *)(uintptr_t)libc()->abort) &&
		     !in_library_of(pc,
				    (const void *)(uintptr_t)stack_base_low)))
			return low;
	}
	return low;
}
