/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_RECORDING_H
#define FUZZ_RECORDING_H

#include <stddef.h>
#include <stdint.h>

/*
 * Load `data` as a recording or a live store, its sums put right, and look at
 * all that comes out. A fault is a crash; the result is 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
