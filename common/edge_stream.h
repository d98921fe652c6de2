/* SPDX-License-Identifier: MIT */
/*
 * Edges as a live store has them: one after another, each as what differs from
 * the one before it.  A byte says how long the four numbers behind it are, two
 * bits each, the first number in the lowest: 0, 1, 2 or 4 bytes.  The first edge
 * follows EDGE_STREAM_START.
 *
 *   from   less that of the edge before
 *   word   from_word; if `from` is the same, less that of the edge before, less 1
 *   to     less `from`, shifted left by one; its complement, if that is negative
 *   offset to_offset
 *
 * All of it is modulo 2^32, so that each edge can be written.  Most take 2 to 5
 * bytes of the 16 that they have in memory.
 */
#ifndef EDGE_STREAM_H
#define EDGE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <refknot/format.h>

#define EDGE_STREAM_MOST  17u /* bytes of an edge */
#define EDGE_STREAM_START ((struct rkn_edge){ .from_word = UINT32_MAX })

/* Bytes of a number with these two bits. */
static inline unsigned edge_stream_length(unsigned bits)
{
	return 1u << bits >> 1;
}

static inline uint8_t *edge_stream_put_number(uint8_t *to, uint8_t *lengths,
					      unsigned place, uint32_t n)
{
	const unsigned bits = (n > 0) + (n > UINT8_MAX) + (n > UINT16_MAX);

	*lengths |= (uint8_t)(bits << 2 * place);
	memcpy(to, &n, sizeof(n));
	return to + edge_stream_length(bits);
}

/* Writes `e`, which follows `last`, to `to`, of which EDGE_STREAM_MOST bytes may
 * change. Returns the end of what is written. */
static inline uint8_t *edge_stream_put(uint8_t *to, const struct rkn_edge *last,
				       const struct rkn_edge *e)
{
	const uint32_t word = e->from == last->from ? last->from_word + 1 : 0;
	const uint32_t step = e->from - last->from;
	const uint32_t words = e->from_word - word;
	const uint32_t way = e->to - e->from;
	const uint32_t folded = way << 1 ^ -(way >> 31);
	uint8_t lengths = 0, *at = to + 1;

	/* Most have no more than that: it is the same, in fewer steps. */
	if (__builtin_expect((step | words) <= UINT8_MAX && !e->to_offset, 1)) {
		*at = (uint8_t)step;
		at += step > 0;
		*at = (uint8_t)words;
		at += words > 0;
		lengths = (uint8_t)((step > 0) | (words > 0) << 2);
		at = edge_stream_put_number(at, &lengths, 2, folded);
		*to = lengths;
		return at;
	}
	at = edge_stream_put_number(at, &lengths, 0, step);
	at = edge_stream_put_number(at, &lengths, 1, words);
	at = edge_stream_put_number(at, &lengths, 2, folded);
	at = edge_stream_put_number(at, &lengths, 3, e->to_offset);
	*to = lengths;
	return at;
}

static inline uint32_t edge_stream_take_number(const uint8_t **from,
					       unsigned bits)
{
	static const uint32_t masks[] = { 0, UINT8_MAX, UINT16_MAX,
					  UINT32_MAX };
	uint32_t n;

	memcpy(&n, *from, sizeof(n));
	*from += edge_stream_length(bits);
	return n & masks[bits];
}

/* Turns `e`, the edge before, into the one at `from`, of which EDGE_STREAM_MOST
 * bytes can be read. Returns its end. */
static inline const uint8_t *edge_stream_take(const uint8_t *from,
					      struct rkn_edge *e)
{
	const unsigned lengths = *from++;
	const uint32_t step = edge_stream_take_number(&from, lengths & 3);
	uint32_t way;

	e->from_word = step ? 0 : e->from_word + 1;
	e->from += step;
	e->from_word += edge_stream_take_number(&from, lengths >> 2 & 3);
	way = edge_stream_take_number(&from, lengths >> 4 & 3);
	e->to = e->from + (way >> 1 ^ -(way & 1));
	e->to_offset = edge_stream_take_number(&from, lengths >> 6);
	return from;
}

#endif
