/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include <string.h>

#define TILE 512 /* records at a time: they stay in the nearest cache */

void columns_split(const void *records, size_t count, size_t size,
		   void *columns)
{
	const unsigned char *from = records;
	unsigned char *to = columns;

	for (size_t first = 0; first < count; first += TILE) {
		size_t end = count - first < TILE ? count : first + TILE;

		for (size_t b = 0; b < size; b++)
			for (size_t i = first; i < end; i++)
				to[b * count + i] = from[i * size + b];
	}
}

void columns_join(const void *columns, size_t count, size_t size, void *records)
{
	const unsigned char *from = columns;
	unsigned char *to = records;

	if (size == 1) {
		memcpy(records, columns, count);
		return;
	}
	for (size_t first = 0; first < count; first += TILE) {
		size_t end = count - first < TILE ? count : first + TILE;

		for (size_t b = 0; b < size; b++)
			for (size_t i = first; i < end; i++)
				to[i * size + b] = from[b * count + i];
	}
}
