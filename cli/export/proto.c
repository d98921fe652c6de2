/* SPDX-License-Identifier: MIT */
#include "proto.h"

#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

/* The kind of a field, in the lower bits of its key; 0: a varint. */
#define WIRE_BYTES 2u

static void add_bytes(struct proto *p, const void *bytes, size_t size)
{
	if (size > p->room - p->size) {
		p->room = 2 * p->room + size;
		p->bytes = xreallocarray(p->bytes, p->room, 1);
	}
	if (size)
		memcpy(p->bytes + p->size, bytes, size);
	p->size += size;
}

static void add_varint(struct proto *p, uint64_t value)
{
	unsigned char bytes[10];
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[size++] = (unsigned char)(value | 0x80);
	bytes[size++] = (unsigned char)value;
	add_bytes(p, bytes, size);
}

void proto_number(struct proto *p, unsigned field, uint64_t value)
{
	add_varint(p, field << 3);
	add_varint(p, value);
}

static void add_field(struct proto *p, unsigned field, const void *bytes,
		      size_t size)
{
	add_varint(p, field << 3 | WIRE_BYTES);
	add_varint(p, size);
	add_bytes(p, bytes, size);
}

void proto_text(struct proto *p, unsigned field, const char *text)
{
	add_field(p, field, text, strlen(text));
}

void proto_numbers(struct proto *p, unsigned field, const uint64_t *values,
		   size_t count)
{
	struct proto packed = { 0 };

	for (size_t i = 0; i < count; i++)
		add_varint(&packed, values[i]);
	proto_part(p, field, &packed);
	proto_release(&packed);
}

void proto_part(struct proto *p, unsigned field, struct proto *part)
{
	add_field(p, field, part->bytes, part->size);
	part->size = 0;
}

void proto_release(struct proto *p)
{
	free(p->bytes);
}
