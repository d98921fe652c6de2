/* SPDX-License-Identifier: MIT */
/*
 * What compilers append to the name of a function's copy: ".constprop.0" to one
 * with constant arguments, ".isra.0" to one with other arguments, ".part.0" to
 * a part, ".cold" to the rest, ".llvm.1234" to a static one that other files
 * call.  Names of other languages may have dots of their own.
 */
#ifndef CLONES_H
#define CLONES_H

#include <stddef.h>

/* Bytes of `function` without them: "parse.isra.0.cold" has 5. */
size_t clones_plain_length(const char *function);

#endif
