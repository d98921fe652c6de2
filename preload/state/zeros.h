/* SPDX-License-Identifier: MIT */
/*
 * This library's own variables, most of which begin as zeros, 2.4 MiB.  The
 * loader maps them as data, all of which counts against RLIMIT_DATA, used or
 * not.
 */
#ifndef ZEROS_H
#define ZEROS_H

#include <stdint.h>

/*
 * Makes none count any more: other memory takes their place, with what they
 * hold. Only if the caller is on a stack of refknot's, with signals held; does
 * nothing if other threads run or the kernel refuses. It is weak: where parts
 * of the shim are tested, the variables are the test's.
 */
void zeros_uncount(void);

/* Bytes of zeros that the loader maps, of which all count until then. */
uint64_t zeros_size(void);

#endif
