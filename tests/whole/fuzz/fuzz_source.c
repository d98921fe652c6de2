/* SPDX-License-Identifier: MIT */
/* The source around a call: its line, its column, and the text. */
#include "target.h"

#include <string.h>

#include "input.h"
#include "source_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const callees[] = { NULL, "xmalloc", "_Znwm", "" };

	if (size < 2)
		return 0;
	for (size_t i = 0; i < sizeof(callees) / sizeof(*callees); i++) {
		struct source_call c;

		source_call_read(&c, (const char *)data + 2, size - 2, 1,
				 data[0], data[1], callees[i]);
		input_need(c.count <= SOURCE_HINTS);
		for (size_t k = 0; k < c.count; k++) {
			input_need(memchr(c.hints[k].text, '\0', SOURCE_HINT) !=
				   NULL);
			input_need(*c.hints[k].text &&
				   c.hints[k].room <= SOURCE_OPEN);
		}
	}
	return 0;
}
