/* SPDX-License-Identifier: MIT */
/* A fuzz target: libFuzzer calls it, or variants.c without libFuzzer. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>
#include <stdint.h>

/* Take `data` for whatever the target reads, and look at all that comes out.
 * A fault is a crash; the result is 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
