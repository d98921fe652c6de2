/* SPDX-License-Identifier: MIT */
/*
 * GitHub's fingerprint of a source line, primaryLocationLineHash: what is on it
 * and after it, without white space, so that it stays when lines move.
 * Algorithm: github/codeql-action, src/fingerprints.ts.
 */
#ifndef LINE_HASH_H
#define LINE_HASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * "39fa2ee980eb94b0:1" of line `line` (from 1) of file `path`, into `hash` of
 * `size` bytes. False: it cannot be read, has no such line, or is not ASCII,
 * where the algorithm counts other units than bytes.
 */
bool line_hash(const char *path, unsigned line, char *hash, size_t size);

#endif
