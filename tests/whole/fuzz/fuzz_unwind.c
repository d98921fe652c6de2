/* SPDX-License-Identifier: MIT */
/*
 * Unwind tables: 8 bytes that say where in the module we are and what stands
 * in the registers, then the module, which begins with its .eh_frame_hdr.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "cfi_row.h"
#include "image.h"
#include "input.h"

#define WORDS 32 /* of the stack */

static uint8_t *module;
static size_t module_size;

bool __wrap_image_find(uint64_t pc, struct image *image);
bool __wrap_image_find(uint64_t pc, struct image *image)
{
	static struct link_map map;
	const uint8_t *p = (const uint8_t *)(uintptr_t)pc;

	if (p < module || p >= module + module_size)
		return false;
	*image = (struct image){
		.map = &map,
		.start = (uint64_t)(uintptr_t)module,
		.end = (uint64_t)(uintptr_t)(module + module_size),
		.unwind = module,
	};
	return true;
}

static void walk(const uint8_t *head, uint64_t *stack)
{
	const struct cfi_bounds bounds = {
		(uint64_t)(uintptr_t)stack, (uint64_t)(uintptr_t)(stack + WORDS)
	};
	struct cfi_frame f = {
		.pc = (uint64_t)(uintptr_t)module + head[0] + 256u * head[1],
		.sp = bounds.least + head[2],
		.rbp = bounds.least + head[3],
	};
	enum cfi_kind kind;
	struct cfi_work work;
	struct cfi_rule rule = cfi_rule(f.pc, &work);

	input_need(rule.kind != CFI_PLAIN || rule.rbp_offset == 0 ||
		   rule.rbp_offset < -8);
	for (int i = 0; i < 8; i++) {
		kind = cfi_step(&f, &bounds, &work);
		if (kind != CFI_PLAIN)
			break;
		/* The caller is in the module, too. */
		f.pc = (uint64_t)(uintptr_t)module + f.pc % module_size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t *stack;

	if (size < 9)
		return 0;
	module_size = size - 8;
	module = malloc(module_size);
	stack = calloc(WORDS, sizeof(*stack));
	input_need(module && stack);
	memcpy(module, data + 8, module_size);
	for (size_t i = 0; i < WORDS; i++)
		stack[i] =
		    (uint64_t)(uintptr_t)stack + 8 * (i * data[4] % WORDS);
	walk(data, stack);
	free(stack);
	free(module);
	return 0;
}
