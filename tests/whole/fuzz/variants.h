/* SPDX-License-Identifier: MIT */
/* The target on given inputs, without a fuzzer. */
#ifndef VARIANTS_H
#define VARIANTS_H

#include <stddef.h>

/*
 * Every file in `directory`, or that file: as it is, and with each `step`th
 * byte changed. Prints how many inputs that were. Ends the program when there
 * is none.
 */
void variants_replay(const char *directory, size_t step);

#endif
