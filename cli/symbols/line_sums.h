/* SPDX-License-Identifier: MIT */
/* The MD5 of source files, which a line table of DWARF 5 may have (clang's
 * have); libdw leaves them out. Nothing in it is believed. */
#ifndef LINE_SUMS_H
#define LINE_SUMS_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "md5.h"

/* Of `file`, as libdw names it for that unit; false: the table does not say. */
bool line_sums_find(Dwarf_Die *unit, const char *file,
		    unsigned char sum[MD5_SIZE]);

#endif
