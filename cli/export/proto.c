/* SPDX-License-Identifier: MIT */
#include "proto.h"

#include <stdlib.h>
#include <string.h>

#include "list.h"

enum wire { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void add_varint(struct proto *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*LIST_ADD(p->bytes, p->size) = (unsigned char)(value | 0x80);
	*LIST_ADD(p->bytes, p->size) = (unsigned char)value;
}

static void add_bytes(struct proto *p, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*LIST_ADD(p->bytes, p->size) = bytes[i];
}

void proto_number(struct proto *p, unsigned field, uint64_t value)
{
	add_varint(p, field << 3 | WIRE_VARINT);
	add_varint(p, value);
}

void proto_bytes(struct proto *p, unsigned field, const void *bytes,
		 size_t size)
{
	add_varint(p, field << 3 | WIRE_BYTES);
	add_varint(p, size);
	add_bytes(p, bytes, size);
}

void proto_text(struct proto *p, unsigned field, const char *text)
{
	proto_bytes(p, field, text, strlen(text));
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
	proto_bytes(p, field, part->bytes, part->size);
	part->size = 0;
}

void proto_release(struct proto *p)
{
	free(p->bytes);
}
