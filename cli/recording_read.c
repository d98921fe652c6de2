/* SPDX-License-Identifier: MIT */
/*
 * Reads a finished recording, believing nothing: every size is compared with
 * the file and with RKN_CHUNK_MAX before it is used, every record is checked
 * as soon as its chunk is unpacked.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "columns.h"
#include "crc32.h"
#include "parts.h"
#include "recording.h"

/* Records refer to each other by 32 bits, of which RKN_NONE is taken. */
#define MOST_RECORDS RKN_NONE

struct reader {
	struct model *m;
	int fd;
	uint64_t size;         /* of the file */
	uint64_t at;           /* where the chunk starts */
	uint64_t number;       /* of the chunk, from 0 */
	struct rkn_chunk c;    /* its header */
	uint16_t minor;        /* version of the file */
	unsigned last;         /* type of the last known chunk: they ascend */
	unsigned char *stored; /* RKN_CHUNK_MAX bytes, as is `raw` */
	unsigned char *raw;
	ZSTD_DCtx *zstd;
	struct parts parts;
};

static const char *type_name(unsigned type)
{
	if (type == RKN_CHUNK_END)
		return "end";
	if (!type)
		return "header";
	return type < PARTS ? part_kinds[type].name : "unknown type";
}

/* "PATH: chunk 3 (frames) at byte 96: REASON"; returns `error`. */
static int __attribute__((format(printf, 3, 4)))
fail(struct reader *r, int error, const char *format, ...)
{
	char why[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	return model_error(r->m, error, "chunk %llu (%s) at byte %llu: %s",
			   (unsigned long long)r->number, type_name(r->c.type),
			   (unsigned long long)r->at, why);
}

/* 1, or 0 when the file ends before, or -errno. */
static int get(struct reader *r, void *to, uint64_t size, uint64_t offset)
{
	int64_t n = model_pread(r->fd, to, size, offset);

	if (n < 0)
		return fail(r, (int)n, "cannot be read: %s", strerror((int)-n));
	return (uint64_t)n == size;
}

static int damaged(struct reader *r, const char *what)
{
	return fail(r, -EBADMSG,
		    "%s is damaged; use another copy or record again", what);
}

static int cut(struct reader *r, const char *where)
{
	return fail(r, -ENODATA,
		    "the file was cut short %s; what stands before can be used",
		    where);
}

static int read_file_header(struct reader *r)
{
	struct rkn_file_header h;
	int64_t n = model_pread(r->fd, &h, sizeof(h), 0);

	if (n < 0)
		return model_error(r->m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if ((uint64_t)n < sizeof(h))
		return model_error(
		    r->m, -EBADMSG,
		    "the file was cut short in its header, at byte %lld; nothing in it can be used",
		    (long long)n);
	if (h.crc != crc32_update(0, &h, offsetof(struct rkn_file_header, crc)))
		return model_error(
		    r->m, -EBADMSG,
		    "the header at byte 0 is damaged; use another copy or record again");
	if (h.major != RKN_MAJOR)
		return model_error(
		    r->m, -EPROTO,
		    "the header at byte 0 names format %u.%u, and this refknot reads format %u only; use the version that wrote it",
		    h.major, h.minor, RKN_MAJOR);
	if (h.size < sizeof(h) || h.size > r->size)
		return model_error(
		    r->m, -EBADMSG,
		    "the header at byte 0 has the impossible size %u", h.size);
	r->at = h.size;
	r->minor = h.minor;
	return 0;
}

/* 1, or 0 when the file ends before, or -errno. */
static int read_chunk_header(struct reader *r)
{
	struct rkn_chunk *c = &r->c;
	int got;

	c->type = 0;
	got = get(r, c, sizeof(*c), r->at);
	if (got <= 0) {
		c->type = 0;
		return got;
	}
	if (c->magic != RKN_CHUNK_MAGIC ||
	    c->header_crc !=
		crc32_update(0, c, offsetof(struct rkn_chunk, header_crc)))
		return damaged(r, "its header");
	if (c->sequence != (uint16_t)r->number)
		return fail(
		    r, -EBADMSG,
		    "it says to be chunk %u; chunks are missing or moved",
		    c->sequence);
	if (c->raw_size > RKN_CHUNK_MAX || c->stored_size > c->raw_size)
		return fail(r, -EBADMSG,
			    "%u bytes that unpack to %u are out of proportion",
			    c->stored_size, c->raw_size);
	return 1;
}

/* Does the header fit a chunk of a known type? 0 or -errno. */
static int check_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	size_t size = part_kinds[c->type].record_size;

	if (c->type < r->last)
		return fail(r, -EBADMSG, "it comes after the %s",
			    type_name(r->last));
	r->last = c->type;
	if (c->record_size < size ||
	    (c->record_size > size && r->minor <= RKN_MINOR))
		return fail(r, -EBADMSG,
			    "its records have %u bytes instead of %zu",
			    c->record_size, size);
	if (c->raw_size % c->record_size)
		return fail(r, -EBADMSG,
			    "%u bytes are no whole number of records",
			    c->raw_size);
	if (r->parts.of[c->type].count + c->raw_size / size >= MOST_RECORDS)
		return fail(r, -EBADMSG,
			    "more records than can be referred to");
	return 0;
}

/* The payload to r->stored. 1, or 0 when the file ends before, or -errno. */
static int read_payload(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	int got = get(r, r->stored, c->stored_size, r->at + sizeof(*c));

	if (got <= 0)
		return got;
	if (c->payload_crc != crc32_update(0, r->stored, c->stored_size))
		return damaged(r, "its payload");
	return 1;
}

/* Of records that grew in a newer minor version only the known bytes count. */
static int unpack(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	struct part *part = &r->parts.of[c->type];
	size_t size = part_kinds[c->type].record_size;
	size_t count = c->raw_size / c->record_size;
	const unsigned char *raw = r->stored;

	if (c->stored_size < c->raw_size) {
		raw = r->raw;
		if (ZSTD_decompressDCtx(r->zstd, r->raw, c->raw_size, r->stored,
					c->stored_size) != c->raw_size)
			return damaged(r, "its compressed payload");
	}
	if (part_grow(part, size, count))
		return fail(r, -ENOMEM, "out of memory for %zu records",
			    part->count + count);
	columns_join(raw, count, size,
		     (char *)part->records + part->count * size);
	part->count += count;
	return 0;
}

/* META refers to strings, which come later: it is checked at the end. */
static int check_records(struct reader *r, size_t first)
{
	size_t bad = 0;
	const char *why;

	if (r->c.type == RKN_CHUNK_META)
		return 0;
	why = parts_check(&r->parts, r->c.type, first, &bad);
	if (why)
		return fail(r, -EBADMSG, "record %zu is wrong: %s", bad, why);
	return 0;
}

/* 1: the file goes on behind the chunk; 0: this was the END; or -errno. */
static int read_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	bool known = false;
	size_t first = 0;
	int got = read_chunk_header(r), error;

	if (got == 0)
		return cut(r, "before this chunk");
	if (got < 0)
		return got;
	if (c->type == RKN_CHUNK_END && c->raw_size)
		return fail(r, -EBADMSG, "the end has a payload");
	known = c->type && c->type < PARTS;
	error = known ? check_chunk(r) : 0;
	if (error)
		return error;
	got = read_payload(r);
	if (got == 0)
		return cut(r, "within this chunk");
	if (got < 0 || c->type == RKN_CHUNK_END)
		return got < 0 ? got : 0;
	if (known) {
		first = r->parts.of[c->type].count;
		error = unpack(r);
		if (!error)
			error = check_records(r, first);
	}
	return error ? error : 1;
}

static int read_chunks(struct reader *r)
{
	int more;

	while ((more = read_chunk(r)) == 1) {
		r->at += sizeof(r->c) + r->c.stored_size;
		r->number++;
	}
	if (!more && r->at + sizeof(r->c) != r->size)
		return fail(
		    r, -EBADMSG, "%llu bytes follow the end of the recording",
		    (unsigned long long)(r->size - r->at - sizeof(r->c)));
	return more;
}

/* What a cut file leaves makes no picture: no verdict can come from it. */
static void drop_picture(struct reader *r)
{
	struct rkn_meta *meta = r->parts.of[RKN_CHUNK_META].records;

	r->parts.of[RKN_CHUNK_EDGES].count = 0;
	r->parts.of[RKN_CHUNK_ROOTS].count = 0;
	meta->flags &= ~(uint32_t)RKN_META_SNAPSHOT;
	parts_mend_meta(&r->parts);
	r->m->truncated = true;
}

/* `error` is 0 or -ENODATA; so is the result, if nothing else is wrong. */
static int finish(struct reader *r, int error)
{
	const char *why;
	size_t bad;

	if (!r->parts.of[RKN_CHUNK_META].count)
		return model_error(
		    r->m, -EBADMSG,
		    error
			? "the file was cut short at byte %llu; nothing in it can be used"
			: "the description of the process is missing, up to byte %llu",
		    (unsigned long long)r->size);
	if (parts_complete(&r->parts))
		return model_error(r->m, -ENOMEM, "out of memory");
	if (*(char *)r->parts.of[RKN_CHUNK_STRINGS].records)
		return model_error(r->m, -EBADMSG,
				   "strings: text 0 is not empty");
	if (error)
		drop_picture(r);
	why = parts_check(&r->parts, RKN_CHUNK_META, 0, &bad);
	if (why)
		return model_error(r->m, -EBADMSG,
				   "meta: record %zu is wrong: %s", bad, why);
	parts_to_model(&r->parts, r->m);
	return error;
}

static int open_reader(struct reader *r)
{
	r->stored = malloc(RKN_CHUNK_MAX);
	r->raw = malloc(RKN_CHUNK_MAX);
	r->zstd = ZSTD_createDCtx();
	if (!r->stored || !r->raw || !r->zstd)
		return model_error(r->m, -ENOMEM, "out of memory");
	return 0;
}

static void close_reader(struct reader *r)
{
	parts_release(&r->parts);
	ZSTD_freeDCtx(r->zstd);
	free(r->raw);
	free(r->stored);
}

int recording_read(struct model *m, int fd, uint64_t size)
{
	struct reader r = { .m = m, .fd = fd, .size = size };
	int error = open_reader(&r);

	if (!error)
		error = read_file_header(&r);
	if (!error)
		error = read_chunks(&r);
	if (!error || error == -ENODATA)
		error = finish(&r, error);
	close_reader(&r);
	return error;
}
