/* SPDX-License-Identifier: MIT */
/*
 * Messages of protocol buffers, as far as writers need them: varints and bytes
 * with a length.  https://protobuf.dev/programming-guides/encoding/
 */
#ifndef PROTO_H
#define PROTO_H

#include <stddef.h>
#include <stdint.h>

/* All 0 at first. Functions die when out of memory. */
struct proto {
	unsigned char *bytes;
	size_t size, room;
};

void proto_number(struct proto *p, unsigned field, uint64_t value);
void proto_text(struct proto *p, unsigned field, const char *text);
/* Numbers of a repeated field, packed. */
void proto_numbers(struct proto *p, unsigned field, const uint64_t *values,
		   size_t count);
/* Adds `part` as a field of `p`, and empties it. */
void proto_part(struct proto *p, unsigned field, struct proto *part);
void proto_release(struct proto *p);

#endif
