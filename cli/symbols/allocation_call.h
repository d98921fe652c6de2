/* SPDX-License-Identifier: MIT */
/* Which allocation function a call instruction calls; recordings do not say. */
#ifndef ALLOCATION_CALL_H
#define ALLOCATION_CALL_H

#include <stdint.h>

/*
 * "calloc", constant, if the file `path` has a call of that function, by a stub
 * of its linker's or by its table of addresses, right before ELF address
 * `after`. NULL if it cannot be read, or calls anything else: by a pointer, or
 * a function that goes on to it. x86-64 only.
 */
const char *allocation_call(const char *path, uint64_t after);

#endif
