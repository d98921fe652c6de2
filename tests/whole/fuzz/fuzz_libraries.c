/* SPDX-License-Identifier: MIT */
/* The list that a program's loader writes. */
#include "target.h"

#include "input.h"
#include "libraries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct libraries l = { 0 };
	unsigned char none = 0;
	FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r")
		       : fmemopen(&none, 1, "r");

	input_need(f != NULL);
	libraries_read(&l, f);
	fclose(f);
	for (size_t i = 0; i < l.count; i++) {
		input_need(l.list[i].name != NULL);
		input_need(!l.list[i].path || *l.list[i].path == '/');
	}
	libraries_release(&l);
	return 0;
}
