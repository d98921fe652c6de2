/* SPDX-License-Identifier: MIT */
/* A baseline of the gate. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), error[512] = "";
	struct baseline b;

	input_need(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (baseline_parse(&b, "input", text, error, sizeof(error))) {
		for (size_t i = 1; i < b.count; i++)
			input_need(strcmp(b.list[i - 1].signature,
					  b.list[i].signature) <= 0);
		baseline_release(&b);
	} else {
		input_need(*error && strlen(error) < sizeof(error));
	}
	free(text);
	return 0;
}
