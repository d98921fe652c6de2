/* SPDX-License-Identifier: MIT */
/*
 * A finished recording as a model, believing nothing: every record is checked
 * as soon as its chunk is unpacked.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chunk_arrays.h"
#include "chunks.h"
#include "columns.h"
#include "recording.h"

/* Records refer to each other by 32 bits, of which RKN_NONE is taken. */
#define MOST_RECORDS RKN_NONE

struct reader {
	struct model *m;
	struct chunks chunks;
	unsigned last; /* type of the last known chunk: they ascend */
	struct chunk_arrays parts;
};

static bool is_known(const struct rkn_chunk *c)
{
	return c->type && c->type < PARTS;
}

/* Whether records of that size can be of the file's minor version. */
static bool fits_version(const struct reader *r, const struct rkn_chunk *c)
{
	const struct chunk_array_kind *kind = &chunk_array_kinds[c->type];

	if (c->record_size == kind->record_size)
		return true;
	if (c->record_size > kind->record_size)
		return r->chunks.minor > RKN_MINOR;
	return c->record_size && r->chunks.minor < RKN_MINOR &&
	       (c->record_size == kind->old_size ||
		c->record_size == kind->older_size);
}

/* Does the header fit a chunk of this type? 0 or -errno. */
static int check_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->chunks.c;
	size_t size = chunk_array_kinds[c->type].record_size;

	if (c->type < r->last)
		return chunks_fail(&r->chunks, -EBADMSG,
				   "it comes after the %s",
				   chunks_type_name(r->last));
	r->last = c->type;
	if (!fits_version(r, c))
		return chunks_fail(&r->chunks, -EBADMSG,
				   "its records have %u bytes instead of %zu",
				   c->record_size, size);
	if (c->raw_size % c->record_size)
		return chunks_fail(&r->chunks, -EBADMSG,
				   "%u bytes are no whole number of records",
				   c->raw_size);
	if (r->parts.of[c->type].count + c->raw_size / c->record_size >=
	    MOST_RECORDS)
		return chunks_fail(&r->chunks, -EBADMSG,
				   "more records than can be referred to");
	return 0;
}

/* Records that were shorter have fewer columns: the others are 0. */
static int join_shorter(struct reader *r, const unsigned char *raw,
			size_t count, size_t size, void *records)
{
	unsigned char *columns = calloc(count, size);

	if (!columns)
		return chunks_fail(&r->chunks, -ENOMEM,
				   "out of memory for %zu records", count);
	memcpy(columns, raw, count * r->chunks.c.record_size);
	columns_join(columns, count, size, records);
	free(columns);
	return 0;
}

/* Of records that grew in a newer minor version only the known bytes count. */
static int add_records(struct reader *r)
{
	const struct rkn_chunk *c = &r->chunks.c;
	struct chunk_array *part = &r->parts.of[c->type];
	size_t size = chunk_array_kinds[c->type].record_size;
	size_t count = c->raw_size / c->record_size;
	const unsigned char *raw = chunks_unpack(&r->chunks);
	void *to;
	int error = 0;

	if (!raw)
		return -EBADMSG;
	if (chunk_array_grow(part, size, count))
		return chunks_fail(&r->chunks, -ENOMEM,
				   "out of memory for %zu records",
				   part->count + count);
	to = (char *)part->records + part->count * size;
	if (c->record_size < size && count)
		error = join_shorter(r, raw, count, size, to);
	else
		columns_join(raw, count, size, to);
	if (!error)
		part->count += count;
	return error;
}

/* META refers to strings, which come later: it is checked at the end. */
static int check_records(struct reader *r, size_t first)
{
	size_t bad = 0;
	const char *why;

	if (r->chunks.c.type == RKN_CHUNK_META)
		return 0;
	why = chunk_arrays_check(&r->parts, r->chunks.c.type, first, &bad);
	if (why)
		return chunks_fail(&r->chunks, -EBADMSG,
				   "record %zu is wrong: %s", bad, why);
	return 0;
}

static int read_chunk(struct reader *r)
{
	const struct rkn_chunk *c = &r->chunks.c;
	int error = is_known(c) ? check_chunk(r) : 0;
	size_t first;

	if (!error)
		error = chunks_payload(&r->chunks);
	if (error || !is_known(c))
		return error;
	first = r->parts.of[c->type].count;
	error = add_records(r);
	return error ? error : check_records(r, first);
}

static int check_end(struct reader *r)
{
	const struct chunks *k = &r->chunks;
	uint64_t end = k->at + sizeof(k->c);

	if (k->c.raw_size)
		return chunks_fail(&r->chunks, -EBADMSG,
				   "the end has a payload");
	if (end != k->size)
		return chunks_fail(
		    &r->chunks, -EBADMSG,
		    "%llu bytes follow the end; they are not refknot's: copy the file again, or cut them off",
		    (unsigned long long)(k->size - end));
	return 0;
}

static int read_chunks(struct reader *r)
{
	int error = chunks_next(&r->chunks);

	while (!error && r->chunks.c.type != RKN_CHUNK_END) {
		error = read_chunk(r);
		if (!error)
			error = chunks_next(&r->chunks);
	}
	return error ? error : check_end(r);
}

static const char *check_strings(const struct reader *r, bool whole)
{
	const struct chunk_array *strings = &r->parts.of[RKN_CHUNK_STRINGS];
	const char *text = strings->records;

	if (strings->count && text[0])
		return "text 0 is not empty";
	if (strings->count && whole && text[strings->count - 1])
		return "the last text has no end";
	return NULL;
}

/* What can only be checked when everything is there. */
static int check_whole(struct reader *r, bool whole)
{
	const char *why = check_strings(r, whole);
	size_t bad;
	struct chunk_array *part;
	struct rkn_mark *marks;
	size_t kept = 0;

	if (why)
		return model_error(r->m, -EBADMSG, "strings: %s", why);
	if (chunk_arrays_complete(&r->parts))
		return model_error(r->m, -ENOMEM, "out of memory");
	if (!whole) {
		struct rkn_meta *meta = r->parts.of[RKN_CHUNK_META].records;

		/* What a cut file leaves makes no picture: no verdict can come
		 * from it. */
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
	/* Marks whose rows were cut off go; 0 or -EBADMSG in a whole file. */
	part = &r->parts.of[RKN_CHUNK_MARKS];
	marks = part->records;
	for (size_t i = 0; i < part->count; i++) {
		if (chunk_arrays_has_rows(&r->parts, i))
			marks[kept++] = marks[i];
		else if (whole)
			return model_error(
			    r->m, -EBADMSG,
			    "marks: record %zu is wrong: its rows are beyond the census",
			    i);
	}
	part->count = kept;
	return 0;
}

/* `cut_short` is 0 or -ENODATA; so is the result, if nothing else is wrong. */
static int finish(struct reader *r, int cut_short)
{
	int error;

	if (!r->parts.of[RKN_CHUNK_META].count)
		return model_error(
		    r->m, -EBADMSG,
		    cut_short
			? "the file was cut short at byte %llu; nothing in it can be used"
			: "the description of the process is missing, up to byte %llu",
		    (unsigned long long)r->chunks.size);
	error = check_whole(r, !cut_short);
	if (error)
		return error;
	chunk_arrays_to_model(&r->parts, r->m);
	return cut_short;
}

int recording_read(struct model *m, int fd, uint64_t size)
{
	struct reader r = { .m = m };
	int error = chunks_open(&r.chunks, m, fd, size);

	if (!error)
		error = read_chunks(&r);
	if (!error || error == -ENODATA)
		error = finish(&r, error);
	chunks_close(&r.chunks);
	chunk_arrays_release(&r.parts);
	return error;
}
