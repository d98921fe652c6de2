/* SPDX-License-Identifier: MIT */
#include "chunks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chunk_arrays.h"
#include "crc32.h"
#include "recording.h"

const char *chunks_type_name(unsigned type)
{
	if (type == RKN_CHUNK_END)
		return "end";
	if (!type)
		return "header";
	return type < PARTS ? chunk_array_kinds[type].name : "unknown type";
}

int chunks_fail(struct chunks *r, int error, const char *format, ...)
{
	char why[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	return model_error(r->m, error, "chunk %llu (%s) at byte %llu: %s",
			   (unsigned long long)r->number,
			   chunks_type_name(r->c.type),
			   (unsigned long long)r->at, why);
}

static int damaged(struct chunks *r, const char *what)
{
	return chunks_fail(r, -EBADMSG,
			   "%s is damaged; use another copy or record again",
			   what);
}

/* 0, -errno, or -ENODATA when the file ends before. */
static int get(struct chunks *r, void *to, uint64_t size, uint64_t offset,
	       const char *where)
{
	int64_t n = model_pread(r->fd, to, size, offset);

	if (n < 0)
		return chunks_fail(r, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if ((uint64_t)n == size)
		return 0;
	return chunks_fail(
	    r, -ENODATA,
	    "the file was cut short %s; what stands before can be used", where);
}

static int check_file_header(struct chunks *r, const struct rkn_file_header *h)
{
	if (h->crc != crc32_update(0, h, offsetof(struct rkn_file_header, crc)))
		return model_error(
		    r->m, -EBADMSG,
		    "the header at byte 0 is damaged; use another copy or record again");
	if (h->major != RKN_MAJOR)
		return model_error(
		    r->m, -EPROTO,
		    "the header at byte 0 names format %u.%u, and this refknot reads format %u only; use the version that wrote it",
		    h->major, h->minor, RKN_MAJOR);
	if (h->size < sizeof(*h) || h->size > r->size)
		return model_error(
		    r->m, -EBADMSG,
		    "the header at byte 0 has the impossible size %u", h->size);
	r->minor = h->minor;
	r->at = h->size;
	return 0;
}

int chunks_open(struct chunks *r, struct model *m, int fd, uint64_t size)
{
	struct rkn_file_header h;
	int64_t n = model_pread(fd, &h, sizeof(h), 0);

	*r = (struct chunks){ .m = m, .fd = fd, .size = size };
	r->stored = malloc(RKN_CHUNK_MAX);
	r->raw = malloc(RKN_CHUNK_MAX);
	r->zstd = ZSTD_createDCtx();
	if (!r->stored || !r->raw || !r->zstd)
		return model_error(m, -ENOMEM, "out of memory");
	if (n < 0)
		return model_error(m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if ((uint64_t)n < sizeof(h))
		return model_error(
		    m, -EBADMSG,
		    "the file was cut short in its header, at byte %lld; nothing in it can be used",
		    (long long)n);
	return check_file_header(r, &h);
}

void chunks_close(struct chunks *r)
{
	ZSTD_freeDCtx(r->zstd);
	free(r->raw);
	free(r->stored);
}

static int read_header(struct chunks *r)
{
	struct rkn_chunk c;
	int error = get(r, &c, sizeof(c), r->at, "before this chunk");

	if (error)
		return error;
	if (c.magic != RKN_CHUNK_MAGIC ||
	    c.header_crc !=
		crc32_update(0, &c, offsetof(struct rkn_chunk, header_crc)))
		return damaged(r, "it");
	r->c = c;
	return 0;
}

int chunks_next(struct chunks *r)
{
	const struct rkn_chunk *c = &r->c;
	int error;

	if (c->magic) {
		r->at += sizeof(*c) + c->stored_size;
		r->number++;
	}
	r->c = (struct rkn_chunk){ 0 };
	error = read_header(r);
	if (error)
		return error;
	if (c->sequence != (uint16_t)r->number)
		return chunks_fail(
		    r, -EBADMSG,
		    "it says to be chunk %u; chunks are missing or moved",
		    c->sequence);
	if (c->raw_size > RKN_CHUNK_MAX || c->stored_size > c->raw_size)
		return chunks_fail(
		    r, -EBADMSG,
		    "%u bytes that unpack to %u are out of proportion",
		    c->stored_size, c->raw_size);
	return 0;
}

int chunks_payload(struct chunks *r)
{
	const struct rkn_chunk *c = &r->c;
	int error = get(r, r->stored, c->stored_size, r->at + sizeof(*c),
			"within this chunk");

	if (error)
		return error;
	if (c->payload_crc != crc32_update(0, r->stored, c->stored_size))
		return damaged(r, "its payload");
	return 0;
}

const unsigned char *chunks_unpack(struct chunks *r)
{
	const struct rkn_chunk *c = &r->c;

	if (c->stored_size == c->raw_size)
		return r->stored;
	if (ZSTD_decompressDCtx(r->zstd, r->raw, c->raw_size, r->stored,
				c->stored_size) == c->raw_size)
		return r->raw;
	damaged(r, "its compressed payload");
	return NULL;
}
