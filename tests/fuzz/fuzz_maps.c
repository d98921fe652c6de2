/* SPDX-License-Identifier: MIT */
/* The kernel's list of mappings. */
#include "target.h"

#include <string.h>

#include "input.h"
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maps m = { .fd = input_file(data, size) };
	struct map map;

	/* Each takes a byte at least, or it would not end. */
	for (size_t n = 0; maps_next(&m, &map); n++)
		input_need(n < size && strlen(map.name) < sizeof(map.name));
	return 0;
}
