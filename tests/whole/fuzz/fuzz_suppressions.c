/* SPDX-License-Identifier: MIT */
/* A file of suppressions, in LeakSanitizer's grammar, Valgrind's and ours. */
#include "target.h"

#include <string.h>

#include "input.h"
#include "suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct suppressions s = { .today = "2026-11-24" };
	char error[SUPPRESS_ERROR_SIZE] = "";
	int result =
	    suppress_parse(&s, (const char *)data, size, "input", error);

	input_need(!result == !*error);
	input_need(!result || !s.count);
	input_need(strlen(error) < sizeof(error));
	for (size_t i = 0; i < s.count; i++) {
		input_need(s.list[i]->text && s.list[i]->line);
		input_need(s.list[i]->line_count || s.list[i]->pattern ||
			   s.list[i]->kind == SUPPRESS_BLOCK);
	}
	suppress_release(&s);
	return 0;
}
