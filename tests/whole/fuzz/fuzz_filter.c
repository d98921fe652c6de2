/* SPDX-License-Identifier: MIT */
/* Seccomp filters: a system call's number, then instructions. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t arguments[6] = { 0, 1, 2, UINT64_MAX, 1ull << 32, 5 };
	struct filter_instruction *list;
	struct filter f;
	size_t count;

	if (size < 1)
		return 0;
	count = (size - 1) / sizeof(*list);
	if (count > FILTER_MOST)
		count = FILTER_MOST;
	list = malloc(count * sizeof(*list) + 1);
	input_need(list != NULL);
	memcpy(list, data + 1, count * sizeof(*list));
	f.count = (uint16_t)count;
	f.instructions = list;
	filter_answer(&f, data[0], arguments);
	free(list);
	return 0;
}
