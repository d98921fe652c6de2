/* SPDX-License-Identifier: MIT */
/*
 * Squares of 8 records by 8 bytes are turned in registers; what is left over,
 * of records and of odd sizes, goes byte by byte.
 */
#include "columns.h"

#include <stdint.h>
#include <string.h>

#define TILE 128 /* records at a time: they stay in the nearest cache */
#define SIDE 8   /* of a square */

/* Exchange what `mask` has of *b with what it has, `shift` bits up, of *a. */
static inline void exchange(uint64_t *a, uint64_t *b, int shift, uint64_t mask)
{
	uint64_t t = (*a >> shift ^ *b) & mask;

	*b ^= t;
	*a ^= t << shift;
}

/* Byte i of word j becomes byte j of word i (Warren, Hacker's Delight, 7-3). */
static inline void turn(uint64_t square[SIDE])
{
	for (int i = 0; i < 4; i++)
		exchange(&square[i], &square[i + 4], 32, 0xffffffff);
	for (int i = 0; i < 6; i += i % 4 ? 3 : 1)
		exchange(&square[i], &square[i + 2], 16, 0xffff0000ffff);
	for (int i = 0; i < 8; i += 2)
		exchange(&square[i], &square[i + 1], 8, 0xff00ff00ff00ff);
}

/* Rows of a square lie `from_step` bytes apart, then `to_step`. */
static inline void turn_square(const unsigned char *from, size_t from_step,
			       unsigned char *to, size_t to_step)
{
	uint64_t square[SIDE];

	for (size_t i = 0; i < SIDE; i++)
		memcpy(&square[i], from + i * from_step, sizeof(square[i]));
	turn(square);
	for (size_t i = 0; i < SIDE; i++)
		memcpy(to + i * to_step, &square[i], sizeof(square[i]));
}

/* The record after the tile that begins at `first`. */
static size_t tile_end(size_t first, size_t count)
{
	return count - first < TILE ? count : first + TILE;
}

/* The record after its last square. */
static size_t square_end(size_t first, size_t count, size_t size)
{
	size_t records = tile_end(first, count) - first;

	return size % SIDE ? first : first + records - records % SIDE;
}

void columns_split(const void *records, size_t count, size_t size,
		   void *columns)
{
	const unsigned char *from = records;
	unsigned char *to = columns;

	for (size_t first = 0; first < count; first += TILE) {
		size_t squares = square_end(first, count, size);

		for (size_t b = 0; b < size; b += SIDE)
			for (size_t i = first; i < squares; i += SIDE)
				turn_square(from + i * size + b, size,
					    to + b * count + i, count);
		for (size_t b = 0; b < size; b++)
			for (size_t i = squares; i < tile_end(first, count);
			     i++)
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
		size_t squares = square_end(first, count, size);

		for (size_t b = 0; b < size; b += SIDE)
			for (size_t i = first; i < squares; i += SIDE)
				turn_square(from + b * count + i, count,
					    to + i * size + b, size);
		for (size_t b = 0; b < size; b++)
			for (size_t i = squares; i < tile_end(first, count);
			     i++)
				to[i * size + b] = from[b * count + i];
	}
}
