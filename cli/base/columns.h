/* SPDX-License-Identifier: MIT */
/*
 * A chunk's payload on its way to and from the compressor: first byte 0 of
 * every record, then byte 1 of every record, and so on. So bytes of the same
 * meaning are together: on blocks and pointers zstd takes half the time and
 * leaves two thirds of the size.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>

/* Moves `count` records of `size` bytes from `records` to `columns`, and back.
 * The two do not overlap. */
void columns_split(const void *records, size_t count, size_t size,
		   void *columns);
void columns_join(const void *columns, size_t count, size_t size,
		  void *records);

#endif
