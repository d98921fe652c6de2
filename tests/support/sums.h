/* SPDX-License-Identifier: MIT */
/* Makes a recording that a test has changed right again, but for the change. */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>

#include <refknot/format.h>

/* Set every CRC and sequence number, as far as there are headers. */
void sums_mend(unsigned char *file, size_t size);

/* Chunk header number `n`; NULL when there is none. It may lie unaligned:
 * copy it. */
unsigned char *sums_chunk(unsigned char *file, size_t size, size_t n);

/* The first chunk of `type`. */
unsigned char *sums_find(unsigned char *file, size_t size,
			 enum rkn_chunk_type type);

#endif
