/* SPDX-License-Identifier: MIT */
#include "sums.h"

#include <string.h>

#include "crc32.h"

static size_t first_chunk(const unsigned char *file)
{
	struct rkn_file_header h;

	memcpy(&h, file, sizeof(h));
	return h.size < sizeof(h) ? sizeof(h) : h.size;
}

/* Where the chunk behind the one at `at` starts. */
static size_t next_chunk(const unsigned char *file, size_t at)
{
	struct rkn_chunk c;

	memcpy(&c, file + at, sizeof(c));
	return at + sizeof(c) + c.stored_size;
}

unsigned char *sums_chunk(unsigned char *file, size_t size, size_t n)
{
	size_t at;

	if (size < sizeof(struct rkn_file_header))
		return NULL;
	for (at = first_chunk(file);
	     at <= size && size - at >= sizeof(struct rkn_chunk);
	     at = next_chunk(file, at))
		if (!n--)
			return file + at;
	return NULL;
}

unsigned char *sums_find(unsigned char *file, size_t size,
			 enum rkn_chunk_type type)
{
	unsigned char *at;

	for (size_t n = 0; (at = sums_chunk(file, size, n)); n++) {
		struct rkn_chunk c;

		memcpy(&c, at, sizeof(c));
		if (c.type == type)
			return at;
	}
	return NULL;
}

static void mend_header(unsigned char *file)
{
	struct rkn_file_header h;

	memcpy(&h, file, sizeof(h));
	h.crc = crc32_update(0, &h, offsetof(struct rkn_file_header, crc));
	memcpy(file, &h, sizeof(h));
}

static void mend_chunk(unsigned char *at, size_t room, size_t n)
{
	struct rkn_chunk c;

	memcpy(&c, at, sizeof(c));
	c.magic = RKN_CHUNK_MAGIC;
	c.sequence = (uint16_t)n;
	if (c.stored_size <= room - sizeof(c))
		c.payload_crc = crc32_update(0, at + sizeof(c), c.stored_size);
	c.header_crc =
	    crc32_update(0, &c, offsetof(struct rkn_chunk, header_crc));
	memcpy(at, &c, sizeof(c));
}

void sums_mend(unsigned char *file, size_t size)
{
	unsigned char *at;

	if (size < sizeof(struct rkn_file_header))
		return;
	mend_header(file);
	for (size_t n = 0; (at = sums_chunk(file, size, n)); n++)
		mend_chunk(at, size - (size_t)(at - file), n);
}
