/* SPDX-License-Identifier: MIT */
/* The kernel's list of mappings, without and with lines about each. */
#include "target.h"

#include <string.h>

#include "input.h"
#include "maps.h"

static void read_all(const uint8_t *data, size_t size, bool sizes)
{
	struct maps m = { .fd = input_file(data, size), .sizes = sizes };
	struct map map;

	/* Each takes a byte at least, or it would not end. */
	for (size_t n = 0; maps_next(&m, &map); n++)
		input_need(n < size && strlen(map.name) < sizeof(map.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(data, size, false);
	read_all(data, size, true);
	return 0;
}
