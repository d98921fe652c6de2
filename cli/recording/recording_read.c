/* SPDX-License-Identifier: MIT */
/*
 * A finished recording as a model, believing nothing: every size is compared
 * with the file and with RKN_CHUNK_MAX before it is used, and every record is
 * checked as soon as its chunk is unpacked.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "chunk_arrays.h"
#include "columns.h"
#include "crc32.h"
#include "progress.h"
#include "recording.h"

/* Records refer to each other by 32 bits, of which RKN_NONE is taken. */
#define MOST_RECORDS RKN_NONE

#define AHEAD 16384 /* bytes: most recordings of a run's children are smaller */

struct reader {
	struct model *m; /* gets the errors */
	int fd;
	uint64_t start, end; /* of the recording in the file */
	uint16_t minor;      /* version of the file */
	uint64_t at;         /* where the chunk starts */
	uint64_t number;     /* of the chunk, from 0 */
	struct rkn_chunk c;  /* its header; type 0: not read */
	/* Its payload, either form: as many bytes as the largest chunk yet. */
	unsigned char *stored, *raw;
	size_t room;
	ZSTD_DCtx *zstd;
	unsigned last; /* type of the last known chunk: they ascend */
	struct chunk_arrays parts;
	/* What was read with what was asked for, for the next time. */
	uint64_t ahead_at, ahead_size;
	unsigned char ahead[AHEAD];
};

static const char *type_name(unsigned type)
{
	if (type == RKN_CHUNK_END)
		return "end";
	if (!type)
		return "header";
	return type < PARTS ? chunk_array_kinds[type].name : "unknown type";
}

/* Sets the error "PATH: chunk 3 (frames) at byte 96: REASON"; returns `error`.
 */
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

static int damaged(struct reader *r, const char *what)
{
	return fail(r, -EBADMSG,
		    "%s is damaged; use another copy or record again", what);
}

/* As model_pread(), but not beyond the recording. */
static int64_t read_ahead(struct reader *r, void *to, uint64_t size,
			  uint64_t offset)
{
	uint64_t left = offset < r->end ? r->end - offset : 0;
	int64_t n;

	size = size < left ? size : left;
	if (size > AHEAD)
		return model_pread(r->fd, to, size, offset);
	if (offset < r->ahead_at ||
	    offset + size > r->ahead_at + r->ahead_size) {
		n = model_pread(r->fd, r->ahead, left < AHEAD ? left : AHEAD,
				offset);
		r->ahead_at = offset;
		r->ahead_size = n < 0 ? 0 : (uint64_t)n;
		if (n < 0)
			return n;
		size = size < r->ahead_size ? size : r->ahead_size;
	}
	memcpy(to, r->ahead + (offset - r->ahead_at), size);
	return (int64_t)size;
}

/* 0, -errno, or -ENODATA when the file ends before. */
static int get(struct reader *r, void *to, uint64_t size, uint64_t offset,
	       const char *where)
{
	int64_t n = read_ahead(r, to, size, offset);

	if (n < 0)
		return fail(r, (int)n, "cannot be read: %s", strerror((int)-n));
	if ((uint64_t)n == size)
		return 0;
	return fail(r, -ENODATA,
		    "the file was cut short %s; what is before can be used",
		    where);
}

/* Allocates, and reads the file header. 0 or -errno. */
static int open_file(struct reader *r, struct model *m, int fd, uint64_t at,
		     uint64_t size)
{
	struct rkn_file_header h;
	unsigned long long where = at;
	int64_t n;

	*r = (struct reader){ .m = m, .fd = fd, .start = at, .end = at + size };
	n = read_ahead(r, &h, sizeof(h), at);
	r->zstd = ZSTD_createDCtx();
	if (!r->zstd)
		return model_error(m, -ENOMEM, "out of memory");
	if (n < 0)
		return model_error(m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if ((uint64_t)n < sizeof(h))
		return model_error(
		    m, -EBADMSG,
		    "the file was cut short in its header, at byte %llu; nothing in it can be used",
		    where + (unsigned long long)n);
	if (h.crc != crc32_update(0, &h, offsetof(struct rkn_file_header, crc)))
		return model_error(
		    m, -EBADMSG,
		    "the header at byte %llu is damaged; use another copy or record again",
		    where);
	if (h.major != RKN_MAJOR)
		return model_error(
		    m, -EPROTO,
		    "the header at byte %llu names format %u.%u, and this refknot reads format %u only; use the version that wrote it",
		    where, h.major, h.minor, RKN_MAJOR);
	if (h.size < sizeof(h) || h.size > size)
		return model_error(
		    m, -EBADMSG,
		    "the header at byte %llu has the impossible size %u", where,
		    h.size);
	r->minor = h.minor;
	m->any_cuts = h.minor < 7;
	r->at = at + h.size;
	return 0;
}

/* Room for the chunk of r->c, both of whose sizes are at most RKN_CHUNK_MAX. */
static int make_room(struct reader *r)
{
	if (r->c.raw_size <= r->room)
		return 0;
	free(r->stored);
	free(r->raw);
	r->room = r->c.raw_size;
	r->stored = malloc(r->room);
	r->raw = malloc(r->room);
	return r->stored && r->raw
		   ? 0
		   : fail(r, -ENOMEM, "out of memory for its %u bytes",
			  r->c.raw_size);
}

/*
 * Reads the header of the next chunk into r->c. 0, -errno, or -ENODATA if the
 * file ends before. read_chunk() must follow before the next call.
 */
static int next_chunk(struct reader *r)
{
	struct rkn_chunk c;
	int error;

	if (r->c.magic) {
		r->at += sizeof(c) + r->c.stored_size;
		r->number++;
	}
	r->c = (struct rkn_chunk){ 0 };
	error = get(r, &c, sizeof(c), r->at, "before this chunk");
	if (error)
		return error;
	if (c.magic != RKN_CHUNK_MAGIC ||
	    c.header_crc !=
		crc32_update(0, &c, offsetof(struct rkn_chunk, header_crc)))
		return damaged(r, "it");
	r->c = c;
	if (c.sequence != (uint16_t)r->number)
		return fail(
		    r, -EBADMSG,
		    "it says to be chunk %u; chunks are missing or moved",
		    c.sequence);
	if (c.raw_size > RKN_CHUNK_MAX || c.stored_size > c.raw_size)
		return fail(r, -EBADMSG,
			    "%u bytes that unpack to %u are out of proportion",
			    c.stored_size, c.raw_size);
	return make_room(r);
}

/* Whether records of that size can be of the file's minor version. */
static bool fits_version(const struct reader *r, const struct rkn_chunk *c)
{
	const struct chunk_array_kind *kind = &chunk_array_kinds[c->type];

	if (c->record_size == kind->record_size)
		return true;
	if (c->record_size > kind->record_size)
		return r->minor > RKN_MINOR;
	if (!c->record_size || r->minor >= RKN_MINOR)
		return false;
	for (size_t i = 0; i < OLD_SIZES; i++)
		if (c->record_size == kind->old_sizes[i])
			return true;
	return false;
}

/* Does the header fit a chunk of this type? 0 or -errno. */
static int check_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	size_t size = chunk_array_kinds[c->type].record_size;

	if (c->type < r->last)
		return fail(r, -EBADMSG, "it comes after the %s",
			    type_name(r->last));
	r->last = c->type;
	if (!fits_version(r, c))
		return fail(r, -EBADMSG,
			    "its records have %u bytes instead of %zu",
			    c->record_size, size);
	if (c->raw_size % c->record_size)
		return fail(r, -EBADMSG,
			    "%u bytes are not a whole number of records",
			    c->raw_size);
	if (r->parts.of[c->type].count + c->raw_size / c->record_size >=
	    MOST_RECORDS)
		return fail(r, -EBADMSG,
			    "more records than can be referred to");
	return 0;
}

/* Unpacks the payload and adds its records. Of records that grew in a newer minor
 * version only the known bytes count. */
static int add_records(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	struct chunk_array *part = &r->parts.of[c->type];
	size_t size = chunk_array_kinds[c->type].record_size;
	size_t count = c->raw_size / c->record_size;
	const unsigned char *raw = r->stored;
	unsigned char *columns = NULL;

	if (c->stored_size != c->raw_size) {
		raw = r->raw;
		if (ZSTD_decompressDCtx(r->zstd, r->raw, c->raw_size, r->stored,
					c->stored_size) != c->raw_size)
			return damaged(r, "its compressed payload");
	}
	if (chunk_array_grow(part, size, count))
		return fail(r, -ENOMEM, "out of memory for %zu records",
			    part->count + count);
	/* Records that were shorter have fewer columns: the others are 0. */
	if (c->record_size < size && count) {
		columns = calloc(count, size);
		if (!columns)
			return fail(r, -ENOMEM, "out of memory for %zu records",
				    count);
		memcpy(columns, raw, count * c->record_size);
		raw = columns;
	}
	columns_join(raw, count, size,
		     (char *)part->records + part->count * size);
	free(columns);
	part->count += count;
	return 0;
}

/* META refers to strings, which come later: it is checked at the end. */
static int read_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->c;
	bool known = c->type && c->type < PARTS;
	int error = known ? check_chunk(r) : 0;
	size_t first, bad = 0;
	const char *why = NULL;

	if (!error)
		error = get(r, r->stored, c->stored_size, r->at + sizeof(*c),
			    "within this chunk");
	if (error)
		return error;
	if (c->payload_crc != crc32_update(0, r->stored, c->stored_size))
		return damaged(r, "its payload");
	if (!known)
		return 0;
	first = r->parts.of[c->type].count;
	error = add_records(r);
	if (!error && c->type != RKN_CHUNK_META)
		why = chunk_arrays_check(&r->parts, c->type, first, &bad);
	return why ? fail(r, -EBADMSG, "record %zu is wrong: %s", bad, why)
		   : error;
}

static int read_chunks(struct reader *r)
{
	int error = next_chunk(r);
	uint64_t end;

	while (!error && r->c.type != RKN_CHUNK_END) {
		progress_at(r->at - r->start);
		error = read_chunk(r);
		if (!error)
			error = next_chunk(r);
	}
	if (error)
		return error;
	if (r->c.raw_size)
		return fail(r, -EBADMSG, "the end has a payload");
	end = r->at + sizeof(r->c);
	if (end != r->end)
		return fail(
		    r, -EBADMSG,
		    "%llu bytes follow the end; they are not refknot's: copy the file again, or cut them off",
		    (unsigned long long)(r->end - end));
	return 0;
}

/* Drops marks and key frames whose rows were cut off; in a whole file they are
 * wrong. */
static int check_rows(struct reader *r, enum rkn_chunk_type type, bool whole)
{
	struct chunk_array *part = &r->parts.of[type];
	const bool marks = type == RKN_CHUNK_MARKS;
	const size_t size = chunk_array_kinds[type].record_size;
	const size_t rows =
	    r->parts.of[marks ? RKN_CHUNK_CENSUS : RKN_CHUNK_KEY_ROWS].count;
	size_t kept = 0;

	for (size_t i = 0; i < part->count; i++) {
		char *record = (char *)part->records + i * size;
		const struct rkn_mark *m = (const void *)record;
		const struct rkn_key *k = (const void *)record;
		uint32_t first = marks ? m->first : k->first;
		uint32_t count = marks ? m->rows : k->rows;

		if (first <= rows && count <= rows - first)
			memmove((char *)part->records + kept++ * size, record,
				size);
		else if (whole)
			return model_error(
			    r->m, -EBADMSG,
			    "%s: record %zu is wrong: its rows are beyond the %s",
			    chunk_array_kinds[type].name, i,
			    marks ? "census" : "last of key frames");
	}
	part->count = kept;
	return 0;
}

/* Checks what needs the whole file. */
static int check_whole(struct reader *r, bool whole)
{
	struct chunk_array *part = &r->parts.of[RKN_CHUNK_STRINGS];
	const char *text = part->records, *why;
	size_t bad;
	int error;

	if (part->count && text[0])
		return model_error(r->m, -EBADMSG,
				   "strings: text 0 is not empty");
	if (part->count && whole && text[part->count - 1])
		return model_error(r->m, -EBADMSG,
				   "strings: the last text has no end");
	if (chunk_arrays_complete(&r->parts))
		return model_error(r->m, -ENOMEM, "out of memory");
	if (!whole) {
		struct rkn_meta *meta = r->parts.of[RKN_CHUNK_META].records;

		/* What a cut file leaves is not a picture: it allows no
		 * verdict. */
		r->parts.of[RKN_CHUNK_EDGES].count = 0;
		r->parts.of[RKN_CHUNK_ROOTS].count = 0;
		r->parts.of[RKN_CHUNK_WIDE].count = 0;
		meta->flags &= ~(uint32_t)RKN_META_SNAPSHOT;
		chunk_arrays_mend_meta(&r->parts);
		r->m->truncated = true;
		r->m->cut = (enum rkn_chunk_type)r->last;
		r->m->blocks_cut = !model_knows(r->m, RKN_CHUNK_BLOCKS);
	}
	why = chunk_arrays_check(&r->parts, RKN_CHUNK_META, 0, &bad);
	if (why)
		return model_error(r->m, -EBADMSG,
				   "meta: record %zu is wrong: %s", bad, why);
	error = check_rows(r, RKN_CHUNK_MARKS, whole);
	return error ? error : check_rows(r, RKN_CHUNK_KEYS, whole);
}

int recording_read(struct model *m, int fd, uint64_t at, uint64_t size)
{
	struct reader r;
	int error = open_file(&r, m, fd, at, size), cut = 0;

	progress_begin("reading", m->path, size);
	if (!error)
		error = read_chunks(&r);
	progress_end();
	if (error == -ENODATA) {
		cut = error;
		error = 0;
	}
	if (!error && !r.parts.of[RKN_CHUNK_META].count)
		error = model_error(
		    m, -EBADMSG,
		    cut ? "the file was cut short at byte %llu; nothing in it can be used"
			: "the description of the process is missing, up to byte %llu",
		    (unsigned long long)r.end);
	if (!error)
		error = check_whole(&r, !cut);
	if (!error)
		chunk_arrays_to_model(&r.parts, m);
	m->packed = !error && !cut && r.minor == RKN_MINOR;
	ZSTD_freeDCtx(r.zstd);
	free(r.raw);
	free(r.stored);
	chunk_arrays_release(&r.parts);
	return error ? error : cut;
}
